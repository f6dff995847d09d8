using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Operations;

/// <summary>Keys of DataLake in snapshot summaries: what a table says of the runs it holds.</summary>
public static class RunSummary
{
    /// <summary>The runs that made the snapshot, joined by commas.</summary>
    public const string RunIds = "datalake.run-ids";

    /// <summary>The content hash of the rows that the runs added.</summary>
    public const string ContentHash = "datalake.content-hash";

    /// <summary>The source's log position.</summary>
    public const string SourceLsn = "datalake.source-lsn";

    /// <summary>Where the earliest of the runs' windows starts.</summary>
    public const string WindowFrom = "datalake.window-from";

    /// <summary>Where the latest of the runs' windows ends; not part of it.</summary>
    public const string WindowTo = "datalake.window-to";

    /// <summary>The runs that made a snapshot; none where it was made otherwise.</summary>
    public static IReadOnlyList<string> RunsOf(Snapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        return snapshot.Summary.GetValueOrDefault(RunIds) is { Length: > 0 } runs ? runs.Split(',') : [];
    }
}
