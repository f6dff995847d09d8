using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Updates;

/// <summary>Updates of a table's snapshots and references, and the snapshot log that follows from them.</summary>
internal static class SnapshotUpdates
{
    public static void Add(UpdateState state, Snapshot snapshot)
    {
        var table = state.Table;
        if (table.FindSnapshot(snapshot.SnapshotId) is not null) throw IcebergException.Invalid($"The table has a snapshot {snapshot.SnapshotId}; give the new one another id.");
        if (table.FormatVersion < TableMetadata.LeastWrittenFormatVersion)
            throw IcebergException.Unsupported("A snapshot is not added to a table of version 1; upgrade it to version 2 first (upgrade-format-version).");
        if (snapshot.ManifestList is null || snapshot.Operation is null)
            throw IcebergException.Invalid($"The snapshot {snapshot.SnapshotId} has no manifest list or no operation, which version 2 asks for; give both.");
        if (snapshot.SequenceNumber <= table.LastSequenceNumber)
        {
            throw new IcebergException(
                IcebergErrorKind.CommitConflict,
                $"The snapshot {snapshot.SnapshotId} has the sequence number {snapshot.SequenceNumber} and the table is at {table.LastSequenceNumber}. Load the table again and write the manifest list anew.");
        }

        var nextRowId = table.HasRowLineage ? NextRowId(table, snapshot) : 0;
        state.AddedSnapshots.Add(snapshot.SnapshotId);
        state.Table = table with { Snapshots = [.. table.Snapshots, snapshot], LastSequenceNumber = snapshot.SequenceNumber, NextRowId = nextRowId };
    }

    /// <summary>What the table's next row id becomes: whatever the branch, ids are given once (<see href="https://iceberg.apache.org/spec/#snapshot-row-ids">Snapshot Row IDs</see>).</summary>
    private static long NextRowId(TableMetadata table, Snapshot snapshot)
    {
        if (snapshot.FirstRowId is not { } first || snapshot.AddedRows is not { } added || first > long.MaxValue - added)
            throw IcebergException.Invalid($"The snapshot {snapshot.SnapshotId} lacks its first row id or the number of its rows, or has more than there are ids, which version 3 asks for; give both.");
        return first >= table.NextRowId ? first + added : throw new IcebergException(
            IcebergErrorKind.CommitConflict,
            $"The snapshot {snapshot.SnapshotId} begins with the row id {first} and the table is at {table.NextRowId}. Load the table again and write the manifest list anew.");
    }

    public static void SetReference(UpdateState state, string name, SnapshotReference reference)
    {
        var table = state.Table;
        if (string.IsNullOrEmpty(name)) throw IcebergException.Invalid("A snapshot reference needs a name.");
        if (table.FindSnapshot(reference.SnapshotId) is null)
            throw IcebergException.Invalid($"The reference '{name}' would point to {reference.SnapshotId}, which is no snapshot of the table; add it first.");
        if (reference.Fault(name) is { } fault) throw IcebergException.Invalid($"The reference '{name}' is not valid: {fault}. Correct it.");
        if (table.Refs.GetValueOrDefault(name) is { } present && present.Equals(reference)) return;
        var refs = new Dictionary<string, SnapshotReference>(table.Refs, StringComparer.Ordinal) { [name] = reference };
        state.Table = table with { Refs = refs };
        if (name != SnapshotReference.Main) return;
        if (table.CurrentSnapshotId != reference.SnapshotId) state.MadeCurrent.Add(new SnapshotLogEntry(BecomesCurrentAt(state, reference.SnapshotId), reference.SnapshotId));
        state.Table = state.Table with { CurrentSnapshotId = reference.SnapshotId };
    }

    /// <summary>A snapshot of this commit is current from its own time on, so that it is found by that time; another from now on. The log never runs back.</summary>
    private static long BecomesCurrentAt(UpdateState state, long snapshotId)
    {
        if (!state.AddedSnapshots.Contains(snapshotId)) return state.TimestampMs;
        var log = state.MadeCurrent.Count > 0 ? state.MadeCurrent : state.Table.SnapshotLog;
        var last = log.Count > 0 ? log[^1].TimestampMs : 0;
        return Math.Min(Math.Max(state.Table.FindSnapshot(snapshotId)!.TimestampMs, last), state.TimestampMs);
    }

    public static void RemoveReference(UpdateState state, string name)
    {
        state.Table = state.Table with { Refs = state.Table.Refs.Where(entry => entry.Key != name).ToDictionary(StringComparer.Ordinal) };
        if (name == SnapshotReference.Main) state.Table = state.Table with { CurrentSnapshotId = null };
    }

    public static void Remove(UpdateState state, IReadOnlyList<long> snapshotIds)
    {
        var table = state.Table;
        var removed = snapshotIds.Where(id => table.FindSnapshot(id) is not null).ToHashSet();
        if (removed.Count == 0) return;
        state.RemovedSnapshots.UnionWith(removed);
        foreach (var name in table.Refs.Where(entry => removed.Contains(entry.Value.SnapshotId)).Select(entry => entry.Key).ToList()) RemoveReference(state, name);
        state.Table = state.Table with
        {
            Snapshots = [.. table.Snapshots.Where(snapshot => !removed.Contains(snapshot.SnapshotId))],
            Statistics = [.. table.Statistics.Where(file => !removed.Contains(file.SnapshotId))],
            PartitionStatistics = [.. table.PartitionStatistics.Where(file => !removed.Contains(file.SnapshotId))],
        };
    }

    /// <summary>
    /// The table with its snapshot log brought up to date. Snapshots that were added and current only within this commit were never seen and are not logged. With a
    /// snapshot that expired go all entries before it: what lay between is no longer known.
    /// </summary>
    public static TableMetadata WithLog(UpdateState state)
    {
        var table = state.Table;
        var log = table.SnapshotLog.Concat(state.MadeCurrent.Where(entry => entry.SnapshotId == table.CurrentSnapshotId || !state.AddedSnapshots.Contains(entry.SnapshotId)));
        if (state.RemovedSnapshots.Count == 0) return state.MadeCurrent.Count == 0 ? table : table with { SnapshotLog = [.. log] };
        var kept = new List<SnapshotLogEntry>();
        foreach (var entry in log)
        {
            if (state.RemovedSnapshots.Contains(entry.SnapshotId)) kept.Clear();
            else kept.Add(entry);
        }

        return table with { SnapshotLog = kept };
    }
}
