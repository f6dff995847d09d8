using DataLake.Failpoints;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Operations;

/// <summary>Makes the snapshot of one change, again for each attempt; of the files only the manifest list, and what others replaced, is written again.</summary>
internal sealed class SnapshotProducer : IAsyncDisposable
{
    private readonly SnapshotReader reader;
    private readonly TableChange change;
    private readonly CommitFiles output;
    private readonly Dictionary<string, List<string>> attempts = new(StringComparer.Ordinal);
    private ManifestFilter filter;
    private ManifestMerger merger;
    private IReadOnlyList<ManifestFile>? added;
    private int? formatVersion;

    public SnapshotProducer(SnapshotReader reader, TableFiles tableFiles, TableChange change, long snapshotId)
    {
        (this.reader, this.change, SnapshotId) = (reader, change, snapshotId);
        output = new CommitFiles(tableFiles, snapshotId);
        filter = new ManifestFilter(change, snapshotId, reader, output);
        merger = new ManifestMerger(reader, output);
        var files = new HashSet<FileIdentity>();
        foreach (var file in change.AddedFiles)
            if (!files.Add(file.Identity)) throw IcebergException.Invalid($"The change adds '{file.FilePath}' twice, which would double its rows; add it once.");
        if (change.Operation == SnapshotSummary.Append && (change.RemovesAll || change.RemovedFiles.Count > 0 || change.AddedFiles.Any(file => file.Content != DataFileContent.Data)))
            throw IcebergException.Invalid("An append only adds data files; call the change an overwrite or a delete.");
    }

    public long SnapshotId { get; }

    /// <summary>The snapshot that the next one of a branch follows; a new branch begins where main is.</summary>
    public static Snapshot? HeadOf(TableMetadata table, string branch) => table.Refs.GetValueOrDefault(branch) is { } reference ? table.FindSnapshot(reference.SnapshotId) : table.CurrentSnapshot;

    public async Task<(Snapshot Snapshot, IReadOnlyList<TableUpdate> Updates)> ProduceAsync(TableMetadata table, CommitOptions options, TimeProvider clock, CancellationToken cancellation)
    {
        var parent = HeadOf(table, change.Branch);
        await ConflictCheck.CheckAsync(reader, table, parent, change, cancellation);
        var now = Math.Max(clock.GetUtcNow().ToUnixTimeMilliseconds(), table.LastUpdatedMs);
        var changed = change.Updates.Count == 0 ? table : TableMetadataUpdates.Apply(table, change.Updates, new MetadataChange(now, null));
        Begin(changed);
        var wanted = options.For(changed);
        if (change.MergesManifests) wanted = wanted with { MinManifestsToMerge = 2 };
        var present = await reader.ManifestsAsync(parent, cancellation);
        await ConflictCheck.CheckReferencesAsync(reader, present, change, cancellation);
        var kept = await filter.FilterAsync(changed, present, wanted, cancellation);
        added ??= await WriteAddedAsync(changed, wanted, cancellation);
        var merged = await merger.MergeAsync(changed, kept.Manifests, wanted, cancellation);
        List<ManifestFile> manifests = [.. added, .. merged];
        var (list, assignedRows) = await output.WriteListAsync(changed, manifests, parent?.SnapshotId, table.LastSequenceNumber + 1, cancellation);
        Failpoint.Pass("iceberg.manifests-written");
        attempts[list] = [.. manifests.Select(manifest => manifest.ManifestPath)];
        var counts = new FileCounts();
        foreach (var file in change.AddedFiles) counts.Add(file);
        var snapshot = new Snapshot
        {
            SnapshotId = SnapshotId,
            ParentSnapshotId = parent?.SnapshotId,
            SequenceNumber = table.LastSequenceNumber + 1,
            TimestampMs = now,
            ManifestList = list,
            Summary = FileCounts.Summary(change, parent, counts, kept.Removed),
            SchemaId = changed.CurrentSchemaId,
            FirstRowId = changed.HasRowLineage ? changed.NextRowId : null,
            AddedRows = changed.HasRowLineage ? assignedRows : null,
        };
        return (snapshot, [.. change.Updates, .. TableMetadataUpdates.Commit(table, snapshot, change.Branch)]);
    }

    /// <summary>Checks that the change can be written by the table's format version. Where another writer upgraded the table since the attempt before, manifests are written anew.</summary>
    private void Begin(TableMetadata table)
    {
        if (table.IsEncrypted) throw IcebergException.Unsupported("The table is encrypted, and files are not encrypted here: a commit would leave its rows in the clear. Use an engine that has its keys.");
        if (table.HasRowLineage && change.AddedFiles.FirstOrDefault(file => file is { Content: DataFileContent.PositionDeletes, IsDeletionVector: false }) is { } deletes)
        {
            throw new IcebergException(
                IcebergErrorKind.CommitConflict, $"'{deletes.FilePath}' is a position delete file, and the table is of version {table.FormatVersion}, which has deletion vectors instead. Plan the change again on the table as it is.");
        }

        if (formatVersion is not null && formatVersion != table.FormatVersion) (filter, merger, added) = (new ManifestFilter(change, SnapshotId, reader, output), new ManifestMerger(reader, output), null);
        formatVersion = table.FormatVersion;
    }

    /// <summary>Removes what was written and is not part of the snapshot that was committed; everything, if none was.</summary>
    public void RemoveUnusedFiles(Snapshot? committed)
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        if (committed?.ManifestList is { } list)
        {
            used.Add(list);
            used.UnionWith(attempts[list]);
        }

        output.RemoveAllBut(used);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => output.DisposeAsync();

    private async Task<IReadOnlyList<ManifestFile>> WriteAddedAsync(TableMetadata table, CommitOptions options, CancellationToken cancellation)
    {
        var written = new List<ManifestFile>();
        foreach (var kind in change.AddedFiles.GroupBy(file => (Content: file.Content == DataFileContent.Data ? ManifestContent.Data : ManifestContent.Deletes, file.PartitionSpecId)))
        {
            var number = kind.Key.Content == ManifestContent.Data ? change.DataSequenceNumber : null;
            var entries = kind.Select(file => ManifestEntry.Added(file, SnapshotId, number)).ToAsyncEnumerable();
            written.AddRange(await output.WriteManifestsAsync(table, kind.Key.PartitionSpecId, kind.Key.Content, options.ManifestBytes, entries, cancellation));
        }

        return written;
    }
}
