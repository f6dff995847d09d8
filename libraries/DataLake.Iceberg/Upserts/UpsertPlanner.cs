using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Upserts;

/// <summary>
/// Plans an upsert: finds which rows of a table new rows replace, and writes them down as position deletes. Files whose bounds rule the keys out are not opened, and of those that remain only
/// key columns are read; in memory are the keys, as far as <see cref="KeySearchOptions.KeyBytes"/> goes, a few hundred bytes for each file that can hold one, and a bit for each row of files that do.
/// </summary>
/// <param name="files">The files of the table.</param>
/// <param name="options">Memory and cores.</param>
public sealed class UpsertPlanner(TableFiles files, KeySearchOptions? options = null)
{
    /// <summary>The table property that puts data and delete files elsewhere than in <c>data</c> below the table's location.</summary>
    public const string DataPathProperty = "write.data.path";

    /// <summary>Plans an upsert on the table as it is. After a conflict it is planned again on the table as it is then, and this plan discarded.</summary>
    /// <param name="table">The table as it was loaded.</param>
    /// <param name="updates">Updates that go into the same commit (<c>SchemaEvolution.Updates</c>): keys are compared by the schema after them.</param>
    /// <param name="keyFieldIds">The key: required primitive columns, as identifier fields are.</param>
    /// <param name="generations">New data files with their metrics, oldest first: rows of each generation replace those of the same key in the table and in earlier generations. So several
    /// waiting runs become one snapshot, whose position deletes name files that it adds itself.</param>
    /// <param name="deletedKeys">Files, not part of the table, whose keys leave the table as it is; rows of the generations stay. May be empty.</param>
    /// <param name="cancellation">Stops the planning; what it wrote is removed.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: one generation has a key twice, so that nobody can say which row is the newer; or a key is null, or its type
    /// cannot be compared; or a file lacks a key column. Twice is seen among the keys that are in memory together: all, unless there are more than <see cref="KeySearchOptions.KeyBytes"/> holds.
    /// <see cref="IcebergErrorKind.Unsupported"/>: a file is not Parquet.</exception>
    public async Task<UpsertPlan> PlanAsync(
        CatalogTable table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(generations);
        ArgumentNullException.ThrowIfNull(deletedKeys);
        try
        {
            return await PlanAsync(table.Metadata, updates, keyFieldIds, generations, deletedKeys, cancellation);
        }
        catch (IcebergException error) when (error.Kind == IcebergErrorKind.Invalid)
        {
            throw new IcebergException(error.Kind, $"Table {table.Identifier}: {error.Message}", error);
        }
    }

    private async Task<UpsertPlan> PlanAsync(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        var changed = Updated(table, updates);
        var search = new KeySearch(Open, changed.CurrentSchema, keyFieldIds, options);
        List<DataFile> added = [.. generations.SelectMany(generation => generation)];
        var keys = added.Concat(deletedKeys).Where(file => file.RecordCount > 0).ToList();
        if (keys.Count == 0) return new UpsertPlan(files, TableChange.Append(added) with { Updates = updates }, 0, []);

        var bounds = new KeyBounds(keys, keyFieldIds.Zip(search.KeyTypes()));
        var replaced = await ReplacedAmongAsync(search, generations, cancellation);
        var candidates = await CandidatesAsync(changed, bounds.FilterFor(changed), keyFieldIds, cancellation);

        // The keys of the first generation come first; in the others, keys that come twice have been looked for by now.
        var first = generations.Count == 0 ? 0 : generations[0].Count(file => file.RecordCount > 0);
        var found = await search.FindAsync(keys, [.. candidates.Values.Select(candidate => (candidate.File, (PositionSet?)null))], first, cancellation);
        await LeaveOutDeletedAsync(found, candidates, cancellation);
        foreach (var (path, positions) in found)
            if (positions.Count > 0) replaced.Add(candidates[path].File, positions);

        var deleteFiles = await WriteAsync(changed, replaced, cancellation);
        var change = deleteFiles.Count == 0
            ? TableChange.Append(added) with { BaseSnapshotId = table.CurrentSnapshotId, Isolation = Isolation.Serializable }
            : TableChange.RowDelta(table.CurrentSnapshotId, [.. added, .. deleteFiles], [.. replaced.Keys]);
        return new UpsertPlan(files, change with { Updates = updates, ConflictFilter = now => bounds.FilterFor(Updated(now, updates)) }, replaced.Values.Sum(positions => positions.Count), deleteFiles);
    }

    private ValueTask<Stream> Open(string location, CancellationToken cancellation) => ValueTask.FromResult(files.OpenRead(location));

    private static TableMetadata Updated(TableMetadata table, IReadOnlyList<TableUpdate> updates) =>
        updates.Count == 0 ? table : TableMetadataUpdates.Apply(table, updates, new MetadataChange(table.LastUpdatedMs, null));

    /// <summary>The rows of earlier generations that later ones replace.</summary>
    private static async Task<Dictionary<DataFile, PositionSet>> ReplacedAmongAsync(KeySearch search, IReadOnlyList<IReadOnlyList<DataFile>> generations, CancellationToken cancellation)
    {
        var replaced = new Dictionary<DataFile, PositionSet>(ReferenceEqualityComparer.Instance);
        var earlier = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        for (var i = 1; i < generations.Count; i++)
        {
            foreach (var file in generations[i - 1]) earlier[file.FilePath] = file;
            var candidates = earlier.Values.Select(file => (file, replaced.GetValueOrDefault(file))).ToList();
            foreach (var (path, positions) in await search.FindAsync(generations[i], candidates, generations[i].Count, cancellation))
            {
                if (!replaced.TryAdd(earlier[path], positions)) replaced[earlier[path]].UnionWith(positions);
            }
        }

        return replaced;
    }

    /// <summary>The live files that can hold one of the keys, by their location, with no more than is asked of them: there may be many.</summary>
    private async Task<Dictionary<string, Candidate>> CandidatesAsync(TableMetadata table, FileFilter filter, IReadOnlyList<int> keyFieldIds, CancellationToken cancellation)
    {
        var candidates = new Dictionary<string, Candidate>(StringComparer.Ordinal);
        await foreach (var (data, deletes) in new ScanPlanner(files).PlanAsync(table, table.CurrentSnapshot, filter, withMetrics: true, cancellation))
        {
            var file = data.DataFile;
            var slim = new DataFile
            {
                FilePath = file.FilePath,
                FileFormat = file.FileFormat,
                Partition = file.Partition,
                PartitionSpecId = file.PartitionSpecId,
                RecordCount = file.RecordCount,
                FileSizeInBytes = file.FileSizeInBytes,
                LowerBounds = Only(file.LowerBounds, keyFieldIds),
                UpperBounds = Only(file.UpperBounds, keyFieldIds),
            };
            candidates.Add(file.FilePath, new Candidate(slim, [.. deletes.Where(delete => delete.DataFile.Content == DataFileContent.PositionDeletes).Select(delete => delete.DataFile)]));
        }

        return candidates;
    }

    /// <summary>Copies, because all bounds of a file share one piece of memory.</summary>
    private static FieldMap<ReadOnlyMemory<byte>> Only(FieldMap<ReadOnlyMemory<byte>>? bounds, IReadOnlyList<int> fieldIds) =>
        new(bounds is null ? [] : bounds.Where(bound => fieldIds.Contains(bound.Key)).Select(bound => KeyValuePair.Create<int, ReadOnlyMemory<byte>>(bound.Key, bound.Value.ToArray())));

    /// <summary>
    /// Takes out what position deletes delete already, so that a row which was replaced often is not deleted again by each replacement. Only the delete files of files with found rows are read, each once.
    /// What an equality delete file deletes stays: to delete a row twice does no harm.
    /// </summary>
    private async Task LeaveOutDeletedAsync(IReadOnlyDictionary<string, PositionSet> found, Dictionary<string, Candidate> candidates, CancellationToken cancellation)
    {
        var deleted = found.Keys.Where(path => candidates[path].Deletes.Count > 0).ToDictionary(path => path, path => new PositionSet(candidates[path].File.RecordCount), StringComparer.Ordinal);
        foreach (var deleteFile in deleted.Keys.SelectMany(path => candidates[path].Deletes).DistinctBy(file => file.FilePath)) await PositionDeleteFile.ReadAsync(Open, deleteFile, deleted, cancellation);
        foreach (var (path, positions) in deleted) found[path].ExceptWith(positions);
    }

    /// <summary>Writes one position delete file for each partition that loses rows.</summary>
    private async Task<IReadOnlyList<DataFile>> WriteAsync(TableMetadata table, Dictionary<DataFile, PositionSet> replaced, CancellationToken cancellation)
    {
        var folder = (table.Properties.GetValueOrDefault(DataPathProperty) ?? $"{table.Location.TrimEnd('/')}/data").TrimEnd('/');
        var written = new List<DataFile>();
        try
        {
            foreach (var partition in replaced.GroupBy(file => PartitionOf(table, file.Key)))
            {
                var location = $"{folder}/{Guid.NewGuid()}-deletes.parquet";
                await using var file = files.Create(location);
                var deletes = await PositionDeleteFile.WriteAsync(file.Stream, location, partition.ToDictionary(pair => pair.Key.FilePath, pair => pair.Value), cancellation);
                await file.PublishAsync(cancellation);
                written.Add(deletes with { PartitionSpecId = partition.Key.SpecId, Partition = partition.Key.Partition });
            }
        }
        catch
        {
            UpsertPlan.Discard(files, written);
            throw;
        }

        return written;
    }

    /// <summary>Files that were written before and after a partition column was widened are in one partition.</summary>
    private static (int SpecId, PartitionTuple Partition) PartitionOf(TableMetadata table, DataFile file)
    {
        var spec = table.FindSpec(file.PartitionSpecId) ?? throw IcebergException.Invalid(
            $"it has no partition spec {file.PartitionSpecId}, which {file.FilePath} says it was written by; add the spec in the same commit, or write the file by one of the table's.");
        return (spec.SpecId, PartitionPromotion.Promote(file.Partition, spec.PartitionType(table.CurrentSchema)));
    }

    private sealed record Candidate(DataFile File, IReadOnlyList<DataFile> Deletes);
}
