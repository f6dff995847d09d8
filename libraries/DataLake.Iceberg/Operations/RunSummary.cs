namespace DataLake.Iceberg.Operations;

/// <summary>Keys of DataLake in snapshot summaries: what a table says of the runs it holds.</summary>
public static class RunSummary
{
    /// <summary>The run that made the snapshot.</summary>
    public const string RunId = "datalake.run-id";

    /// <summary>The content hash of the rows that the run added.</summary>
    public const string ContentHash = "datalake.content-hash";

    /// <summary>The source's log position.</summary>
    public const string SourceLsn = "datalake.source-lsn";

    /// <summary>Where the run's window starts.</summary>
    public const string WindowFrom = "datalake.window-from";

    /// <summary>Where the run's window ends; not part of it.</summary>
    public const string WindowTo = "datalake.window-to";
}
