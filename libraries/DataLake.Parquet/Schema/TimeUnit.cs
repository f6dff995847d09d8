namespace DataLake.Parquet.Schema;

/// <summary>The unit of a time or timestamp. The numbers are the field ids of <c>union TimeUnit</c> in parquet.thrift.</summary>
public enum TimeUnit
{
    /// <summary>10⁻³ s.</summary>
    Milliseconds = 1,

    /// <summary>10⁻⁶ s.</summary>
    Microseconds = 2,

    /// <summary>10⁻⁹ s.</summary>
    Nanoseconds = 3,
}
