using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Decides which snapshots and references of a table expire. Nothing is read or written.</summary>
internal static class SnapshotRetention
{
    public static (IReadOnlyList<string> References, IReadOnlyList<long> Snapshots) Expired(TableMetadata table, ExpiryOptions options, DateTimeOffset now)
    {
        var at = now.ToUnixTimeMilliseconds();
        var references = table.Refs.Where(entry => entry.Key != SnapshotReference.Main && IsTooOld(entry.Value)).Select(entry => entry.Key).ToList();
        var kept = new HashSet<long>();
        var referred = new HashSet<long>();
        foreach (var (_, reference) in table.Refs.Where(entry => !references.Contains(entry.Key)))
        {
            if (reference.Type == SnapshotReferenceType.Tag)
            {
                kept.Add(reference.SnapshotId);
                referred.Add(reference.SnapshotId);
                continue;
            }

            var (minimum, age) = (reference.MinSnapshotsToKeep ?? Math.Max(1, options.MinSnapshotsToKeep), reference.MaxSnapshotAgeMs ?? Milliseconds(options.MaxSnapshotAge)!.Value);
            var count = 0;
            foreach (var snapshot in SnapshotSelection.History(table, table.FindSnapshot(reference.SnapshotId)))
            {
                referred.Add(snapshot.SnapshotId);
                if (count < minimum || (at - snapshot.TimestampMs <= age && count < (options.MaxSnapshotsToKeep ?? int.MaxValue))) kept.Add(snapshot.SnapshotId);
                count++;
            }
        }

        // What no reference leads to may be a change that is being staged.
        foreach (var snapshot in table.Snapshots)
            if (!referred.Contains(snapshot.SnapshotId) && at - snapshot.TimestampMs <= Milliseconds(options.MaxSnapshotAge)) kept.Add(snapshot.SnapshotId);
        return (references, [.. table.Snapshots.Select(snapshot => snapshot.SnapshotId).Where(id => !kept.Contains(id))]);

        bool IsTooOld(SnapshotReference reference) => (reference.MaxRefAgeMs ?? Milliseconds(options.MaxReferenceAge)) is { } age
            && table.FindSnapshot(reference.SnapshotId) is { } snapshot && at - snapshot.TimestampMs > age;
    }

    private static long? Milliseconds(TimeSpan? span) => span is { } time ? (long)time.TotalMilliseconds : null;
}
