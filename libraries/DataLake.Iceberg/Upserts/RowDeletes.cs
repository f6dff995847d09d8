using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Upserts;

/// <summary>A live data file that can hold rows which are replaced, and the position delete files that apply to it.</summary>
internal sealed record Candidate(DataFile File, IReadOnlyList<DataFile> Deletes);

/// <summary>What every replacement of rows does: finds the files that can lose rows, leaves out what is deleted already, and writes the rest down as position
/// deletes, or what a table of version 3 has in their place.</summary>
/// <param name="files">The files of the table.</param>
/// <param name="table">The table as the commit will leave it.</param>
internal sealed class RowDeletes(TableFiles files, TableMetadata table)
{
    /// <summary>Plans a replacement; what is wrong with it is said of the table.</summary>
    public static async Task<ReplacementPlan> PlanAsync(CatalogTable table, Func<Task<ReplacementPlan>> plan)
    {
        try
        {
            return await plan();
        }
        catch (IcebergException error) when (error.Kind == IcebergErrorKind.Invalid)
        {
            throw new IcebergException(error.Kind, $"Table {table.Identifier}: {error.Message}", error);
        }
    }

    /// <summary>A table after updates that go into the same commit.</summary>
    public static TableMetadata Updated(TableMetadata table, IReadOnlyList<TableUpdate> updates) =>
        updates.Count == 0 ? table : TableMetadataUpdates.Apply(table, updates, new MetadataChange(table.LastUpdatedMs, null));

    /// <summary>The live files that a filter does not rule out, by their location, with no more than is asked of them: there may be many.</summary>
    public async Task<Dictionary<string, Candidate>> CandidatesAsync(FileFilter filter, IReadOnlyList<int> fieldIds, CancellationToken cancellation)
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
                NullValueCounts = new FieldMap<long>(Only(file.NullValueCounts, fieldIds)),

                // Copies, because all bounds of a file share one piece of memory.
                LowerBounds = new FieldMap<ReadOnlyMemory<byte>>(Only(file.LowerBounds, fieldIds).Select(Copy)),
                UpperBounds = new FieldMap<ReadOnlyMemory<byte>>(Only(file.UpperBounds, fieldIds).Select(Copy)),
            };
            candidates.Add(file.FilePath, new Candidate(slim, [.. deletes.Where(delete => delete.DataFile.Content == DataFileContent.PositionDeletes).Select(delete => delete.DataFile)]));
        }

        return candidates;
    }

    /// <summary>
    /// Takes out what position deletes delete already, so that a row which was replaced often is not deleted again by each replacement. Only the delete files of files with found rows are read, each once.
    /// What an equality delete file deletes stays: to delete a row twice does no harm.
    /// </summary>
    /// <returns>What was deleted already of the files with found rows that have such deletes.</returns>
    public async Task<IReadOnlyDictionary<string, PositionSet>> LeaveOutDeletedAsync(
        IReadOnlyDictionary<string, PositionSet> found, IReadOnlyDictionary<string, Candidate> candidates, CancellationToken cancellation)
    {
        var deleted = found.Keys.Where(path => candidates[path].Deletes.Count > 0).ToDictionary(path => path, path => new PositionSet(candidates[path].File.RecordCount), StringComparer.Ordinal);
        foreach (var deleteFile in deleted.Keys.SelectMany(path => candidates[path].Deletes).DistinctBy(file => file.Identity))
            await PositionDeletes.ReadAsync((location, _) => ValueTask.FromResult(files.OpenRead(location)), deleteFile, deleted, cancellation);
        foreach (var (path, positions) in deleted) found[path].ExceptWith(positions);
        return deleted;
    }

    /// <summary>
    /// Writes one position delete file for each partition that loses rows. In a table of version 3 these are deletion vectors, all in one file: each has what was deleted of its data file before too, and takes
    /// the place of that in the commit.
    /// </summary>
    /// <param name="replaced">The rows of each file.</param>
    /// <param name="deleted">What was deleted already, as <see cref="LeaveOutDeletedAsync"/> gives it.</param>
    /// <param name="cancellation">Stops the writing; what was written is removed.</param>
    public async Task<IReadOnlyList<DataFile>> WriteAsync(
        IReadOnlyDictionary<DataFile, PositionSet> replaced, IReadOnlyDictionary<string, PositionSet> deleted, CancellationToken cancellation)
    {
        var folder = TableProperties.DataFolder(table);
        if (table.HasRowLineage) return await WriteVectorsAsync($"{folder}/{Guid.NewGuid()}-deletes.puffin", replaced, deleted, cancellation);
        var written = new List<DataFile>();
        try
        {
            foreach (var partition in replaced.GroupBy(file => PartitionOf(file.Key)))
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
            ReplacementPlan.Discard(files, written);
            throw;
        }

        return written;
    }

    private async Task<IReadOnlyList<DataFile>> WriteVectorsAsync(
        string location, IReadOnlyDictionary<DataFile, PositionSet> replaced, IReadOnlyDictionary<string, PositionSet> deleted, CancellationToken cancellation)
    {
        if (replaced.Count == 0) return [];
        var all = new List<KeyValuePair<DataFile, PositionSet>>();
        foreach (var (file, positions) in replaced)
        {
            var (specId, partition) = PartitionOf(file);
            var union = deleted.GetValueOrDefault(file.FilePath) ?? new PositionSet(file.RecordCount);
            union.UnionWith(positions);
            all.Add(new(file with { PartitionSpecId = specId, Partition = partition }, union));
        }

        await using var output = files.Create(location);
        var vectors = await DeletionVectorFile.WriteAsync(output.Stream, location, all, cancellation);
        await output.PublishAsync(cancellation);
        return vectors;
    }

    /// <summary>Files that were written before and after a partition column was widened are in one partition.</summary>
    private (int SpecId, PartitionTuple Partition) PartitionOf(DataFile file)
    {
        var spec = table.FindSpec(file.PartitionSpecId) ?? throw IcebergException.Invalid(
            $"it has no partition spec {file.PartitionSpecId}, which {file.FilePath} says it was written by; add the spec in the same commit, or write the file by one of the table's.");
        return (spec.SpecId, PartitionPromotion.Promote(file.Partition, spec.PartitionType(table.CurrentSchema)));
    }

    private static IEnumerable<KeyValuePair<int, T>> Only<T>(FieldMap<T>? values, IReadOnlyList<int> fieldIds) => values is null ? [] : values.Where(value => fieldIds.Contains(value.Key));

    private static KeyValuePair<int, ReadOnlyMemory<byte>> Copy(KeyValuePair<int, ReadOnlyMemory<byte>> bound) => new(bound.Key, bound.Value.ToArray());
}
