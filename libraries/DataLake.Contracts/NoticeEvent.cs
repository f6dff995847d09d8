namespace DataLake.Contracts;

/// <summary>What a person can ask to be told of.</summary>
public enum NoticeEvent
{
    /// <summary>A run, or the planning of a table, failed and is out of tries.</summary>
    Failed,

    /// <summary>A run was committed.</summary>
    Succeeded,

    /// <summary>A table is complete to less than its <c>late_after</c> allows.</summary>
    Late,

    /// <summary>A table that had failed or was late is well again.</summary>
    Recovered,
}
