using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Updates;

/// <summary>The table while the updates of one commit are applied, and what later updates of that commit refer to.</summary>
internal sealed class UpdateState(TableMetadata table, long timestampMs)
{
    public TableMetadata Table { get; set; } = table;

    /// <summary>The <c>last-updated-ms</c> of the table to come.</summary>
    public long TimestampMs => timestampMs;

    public int? LastAddedSchemaId { get; set; }

    public int? LastAddedSpecId { get; set; }

    public int? LastAddedSortOrderId { get; set; }

    /// <summary>Snapshots that this commit added.</summary>
    public HashSet<long> AddedSnapshots { get; } = [];

    /// <summary>Snapshots that this commit made current, in order.</summary>
    public List<SnapshotLogEntry> MadeCurrent { get; } = [];

    /// <summary>Snapshots that this commit removed.</summary>
    public HashSet<long> RemovedSnapshots { get; } = [];

    public static int Resolve(int id, int? lastAdded, string what) => id != TableUpdate.LastAdded ? id : lastAdded
        ?? throw IcebergException.Invalid($"The update refers to the last {what} that was added, and none was; add it in the same commit.");
}
