namespace DataLake.Postgres.Governor;

/// <summary>How fast a source may be read.</summary>
public enum Pace
{
    /// <summary>As fast as it goes, over all connections.</summary>
    Full,

    /// <summary>A quarter of the time, and new chunks over one connection only: what comes after waiting.</summary>
    Slow,

    /// <summary>Not at all.</summary>
    Wait,
}
