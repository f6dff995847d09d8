using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Operations;

/// <summary>Whether what others committed since a change was planned spoils it (<see href="https://iceberg.apache.org/spec/#commit-conflict-resolution-and-retry">Commit Conflict Resolution</see>).</summary>
internal static class ConflictCheck
{
    /// <summary>Checks a change against the table as it is now.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: the operation must be planned again.</exception>
    public static async Task CheckAsync(SnapshotReader reader, TableMetadata table, Snapshot? head, TableChange change, CancellationToken cancellation)
    {
        foreach (var requirement in change.Requirements) requirement.Check(table);
        if (change.Isolation is null && VectorTargets(change).ExceptBy(change.AddedFiles.Select(file => file.FilePath), file => file.FilePath).Any())
            throw IcebergException.Invalid("A change with deletion vectors replaces those that its data files have: give the snapshot that they were merged from, and an isolation.");
        if (change.Isolation is not { } isolation || head?.SnapshotId == change.BaseSnapshotId) return;
        var since = SnapshotsSince(table, head, change.BaseSnapshotId);
        if (change.DataSequenceNumber is not null && head is { FirstRowId: not null } && table.FindSnapshot(change.BaseSnapshotId ?? 0) is { FirstRowId: null })
            throw Conflict("its rows were read before they had ids, and have some since, which they must keep");
        var isSerializable = isolation == Isolation.Serializable;
        var filter = change.ConflictFilter?.Invoke(table);
        var touched = change.RemovedFiles.Concat(change.ReferencedFiles).Where(file => file.Content == DataFileContent.Data).Concat(VectorTargets(change)).DistinctBy(file => file.FilePath).ToList();

        // Rows that only move, or are replaced, must not lose a delete that came meanwhile; a second delete of the same row does no harm.
        var isCarrying = change.AddedFiles.Any(file => file.Content == DataFileContent.Data) || change.RemovedFiles.Count > 0;
        var keepsAge = change.DataSequenceNumber is not null;
        var keysStillApply = keepsAge && KeepsPlace(change);

        // Nor must a deletion vector take the place of deletes that it was not merged from.
        var isMerging = change.AddedFiles.Any(file => file.IsDeletionVector);
        var deletes = new DeleteIndex(table);

        // Each snapshot's own list is asked: a later one may have merged its manifests, or removed its files and kept their rows.
        foreach (var snapshot in since)
        {
            // A rewrite of files adds neither rows nor deletes: it brings those of other snapshots, which are asked themselves.
            if (snapshot.Operation == SnapshotSummary.Replace) continue;
            foreach (var manifest in await reader.ManifestsAsync(snapshot, cancellation))
            {
                if (manifest.AddedSnapshotId != snapshot.SnapshotId || manifest.AddedFilesCount is 0) continue;
                var isData = manifest.Content == ManifestContent.Data;
                if (isData ? !isSerializable || filter?.CanMatch(manifest) == false : (!isCarrying && !isMerging) || touched.Count == 0) continue;
                await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: true, cancellation))
                {
                    if (entry.Status != ManifestEntryStatus.Added || entry.SnapshotId != snapshot.SnapshotId) continue;
                    if (entry.DataFile.Content == DataFileContent.EqualityDeletes && (keysStillApply || !isCarrying || (keepsAge && table.FindSpec(entry.DataFile.PartitionSpecId) is { IsUnpartitioned: true }))) continue;
                    if (!isData) deletes.Add(entry);
                    else if (filter?.CanMatch(entry.DataFile) != false)
                        throw Conflict($"the snapshot {entry.SnapshotId} added '{entry.DataFile.FilePath}', which may hold rows that this change should have seen");
                }
            }
        }

        foreach (var file in touched)
        {
            // The file is older than everything that came since; which number it has does not matter.
            if (deletes.Matching(ManifestEntry.Added(file, 0, 0)) is [var delete, ..])
                throw Conflict($"the snapshot {delete.SnapshotId} deleted rows of '{file.FilePath}', by '{delete.DataFile.FilePath}'");
        }
    }

    /// <summary>Checks that the files which added position deletes name are part of the table.</summary>
    public static async Task CheckReferencesAsync(SnapshotReader reader, IReadOnlyList<ManifestFile> manifests, TableChange change, CancellationToken cancellation)
    {
        var referenced = change.ReferencedFiles.Concat(VectorTargets(change)).ToList();
        var missing = referenced.Select(file => file.FilePath).ToHashSet(StringComparer.Ordinal);

        // A delete may name a file that comes with it: the rows of one run that a later run of the same commit replaced.
        if (missing.Count > 0) missing.ExceptWith(change.AddedFiles.Select(file => file.FilePath));
        if (missing.Count == 0) return;
        var specs = referenced.Select(file => file.PartitionSpecId).ToHashSet();
        foreach (var manifest in manifests)
        {
            if (manifest.Content != ManifestContent.Data || !manifest.HasLiveFiles || !specs.Contains(manifest.PartitionSpecId)) continue;
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
                if (entry.IsLive) missing.Remove(entry.DataFile.FilePath);
            if (missing.Count == 0) return;
        }

        throw Conflict($"'{missing.First()}', whose rows it deletes, is not part of the table any more");
    }

    /// <summary>Whether rows only move within their partitions. Where they keep their sequence number too, keys that were deleted meanwhile are deleted in the new files too; keys that were deleted in every partition are
    /// wherever the rows move.</summary>
    private static bool KeepsPlace(TableChange change)
    {
        var places = change.RemovedFiles.Where(file => file.Content == DataFileContent.Data).Select(file => (file.PartitionSpecId, file.Partition)).ToHashSet();
        return change.AddedFiles.All(file => file.Content != DataFileContent.Data || places.Contains((file.PartitionSpecId, file.Partition)));
    }

    /// <summary>The data files that the change's deletion vectors are of, as far as a vector tells.</summary>
    private static IEnumerable<DataFile> VectorTargets(TableChange change) => change.AddedFiles.Where(file => file.IsDeletionVector).Select(vector => new DataFile
    {
        FilePath = vector.ReferencedDataFile!, PartitionSpecId = vector.PartitionSpecId, Partition = vector.Partition, RecordCount = 0, FileSizeInBytes = 0,
    });

    private static List<Snapshot> SnapshotsSince(TableMetadata table, Snapshot? head, long? baseSnapshotId)
    {
        var since = new List<Snapshot>();
        var reached = baseSnapshotId is null;
        foreach (var snapshot in SnapshotSelection.History(table, head))
        {
            if (snapshot.SnapshotId == baseSnapshotId) return since;
            since.Add(snapshot);
            reached = baseSnapshotId is null && snapshot.ParentSnapshotId is null;
        }

        return reached ? since : throw Conflict($"it was planned on the snapshot {baseSnapshotId?.ToString() ?? "none"}, which is not in the history of the table any more, so that nobody knows what came since");
    }

    private static IcebergException Conflict(string what) => new(IcebergErrorKind.CommitConflict, $"The change does not fit the table any more: {what}. Plan it again on the table as it is.");
}
