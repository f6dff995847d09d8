using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Planning;

/// <summary>Which snapshot of a table is meant.</summary>
public static class SnapshotSelection
{
    /// <summary>The snapshot with an id.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: it is not there, or expired.</exception>
    public static Snapshot ById(TableMetadata table, long snapshotId)
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.FindSnapshot(snapshotId) ?? throw NotFound($"The table has no snapshot {snapshotId}; it may have expired. Choose one of those it has.");
    }

    /// <summary>The snapshot that a branch or tag points to.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: there is no such reference.</exception>
    public static Snapshot ByReference(TableMetadata table, string name)
    {
        ArgumentNullException.ThrowIfNull(table);
        return table.Refs.GetValueOrDefault(name) is { } reference ? ById(table, reference.SnapshotId) : throw NotFound($"The table has no branch or tag '{name}'; choose one of those it has.");
    }

    /// <summary>The snapshot that was current at a time (<see href="https://iceberg.apache.org/spec/#point-in-time-reads-time-travel">Point in Time Reads</see>).</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: the table had none then, or does not know any more.</exception>
    public static Snapshot AsOf(TableMetadata table, DateTimeOffset time)
    {
        ArgumentNullException.ThrowIfNull(table);
        var at = time.ToUnixTimeMilliseconds();
        long? found = null;
        foreach (var entry in table.SnapshotLog)
            if (entry.TimestampMs <= at) found = entry.SnapshotId;
        return found is { } id ? ById(table, id) : throw NotFound($"The table has no snapshot of {time:O} or before; it had none yet, or they expired. Choose a later time.");
    }

    /// <summary>A snapshot and those it came from, newest first, as far as the table still has them.</summary>
    public static IEnumerable<Snapshot> History(TableMetadata table, Snapshot? from)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (from is null) return [];
        return Walk(table.Snapshots.ToDictionary(snapshot => snapshot.SnapshotId), from);
    }

    private static IEnumerable<Snapshot> Walk(Dictionary<long, Snapshot> snapshots, Snapshot? snapshot)
    {
        // Taken out as they come: parents that go in a circle end too.
        for (; snapshot is not null && snapshots.Remove(snapshot.SnapshotId); snapshot = snapshot.ParentSnapshotId is { } parent ? snapshots.GetValueOrDefault(parent) : null)
            yield return snapshot;
    }

    private static IcebergException NotFound(string message) => new(IcebergErrorKind.NotFound, message);
}
