using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;

namespace DataLake.Cli.Tables;

/// <summary>A data file of a snapshot.</summary>
/// <param name="Location">Where it is.</param>
/// <param name="Rows">Its rows, deleted ones included.</param>
/// <param name="Bytes">Its size.</param>
/// <param name="DeleteFiles">How many delete files may apply to it.</param>
/// <param name="Partition">Its partition; null in tables without.</param>
internal sealed record FileReport(string Location, long Rows, long Bytes, int DeleteFiles, string? Partition);

/// <summary>A partition of a snapshot.</summary>
/// <param name="Path">Its values; of files in a divided table whose rows are not divided yet, words that say so.</param>
/// <param name="Files">Its data files.</param>
/// <param name="Rows">Their rows, deleted ones included.</param>
/// <param name="Bytes">Their bytes.</param>
internal sealed record PartitionReport(string Path, int Files, long Rows, long Bytes);

/// <summary>The files of a snapshot, as its manifests list them.</summary>
internal sealed class SnapshotContent
{
    // A query that names more rows one by one is none that people read or programs like.
    private const long MostVectorRows = 10_000;

    private SnapshotContent(TableMetadata table, Schema schema, List<ScanFile> scan)
    {
        Scan = scan;
        Files = [.. scan.Select(file => ReportOf(file, table, schema))];
        Deletes = [.. scan.SelectMany(file => file.Deletes).Select(entry => entry.DataFile).DistinctBy(file => (file.FilePath, file.ContentOffset))];
        var isDivided = !table.DefaultSpec.IsUnpartitioned;
        Partitions = [.. Files.Where(file => isDivided || file.Partition is not null).GroupBy(file => file.Partition).OrderBy(files => files.Key is null).ThenBy(files => files.Key, StringComparer.Ordinal)
            .Select(files => new PartitionReport(files.Key ?? "(not divided yet)", files.Count(), files.Sum(file => file.Rows), files.Sum(file => file.Bytes)))];
    }

    /// <summary>The data files, each with the delete files that may apply to it, in the order in which they came.</summary>
    public IReadOnlyList<ScanFile> Scan { get; }

    public IReadOnlyList<FileReport> Files { get; }

    public IReadOnlyList<DataFile> Deletes { get; }

    public IReadOnlyList<PartitionReport> Partitions { get; }

    /// <summary>The rows that deletion vectors take away, by the location of their data file; null where they are more than a query can name.</summary>
    public IReadOnlyDictionary<string, PositionSet>? VectorRows { get; private init; }

    /// <summary>Rows that position delete files and deletion vectors take away.</summary>
    public long DeletedRows => Deletes.Where(file => file.Content == DataFileContent.PositionDeletes).Sum(file => file.RecordCount);

    /// <summary>Keys of equality delete files.</summary>
    public long DeletedKeys => Deletes.Where(file => file.Content == DataFileContent.EqualityDeletes).Sum(file => file.RecordCount);

    public static async Task<SnapshotContent> ReadAsync(TableFiles files, TableMetadata table, Snapshot? snapshot, Schema schema, CancellationToken cancellation)
    {
        var scan = await new ScanPlanner(files).PlanAsync(table, snapshot, cancellation: cancellation).ToListAsync(cancellation);
        return new SnapshotContent(table, schema, [.. scan.OrderBy(file => file.Data.SequenceNumber).ThenBy(file => file.Data.DataFile.FilePath, StringComparer.Ordinal)])
        {
            VectorRows = await VectorRowsAsync(files, scan, cancellation),
        };
    }

    private static async Task<IReadOnlyDictionary<string, PositionSet>?> VectorRowsAsync(TableFiles files, List<ScanFile> scan, CancellationToken cancellation)
    {
        var rows = new Dictionary<string, PositionSet>();
        var vectors = scan.SelectMany(file => file.Deletes, (file, delete) => (file.Data.DataFile, Vector: delete.DataFile)).Where(pair => pair.Vector.IsDeletionVector).ToList();
        if (vectors.Sum(pair => pair.Vector.RecordCount) > MostVectorRows)
        {
            return null;
        }

        foreach (var (file, vector) in vectors)
        {
            rows[file.FilePath] = await RowReader.PositionsAsync((location, _) => ValueTask.FromResult(files.OpenRead(location)), new FileRows(file, [vector]), cancellation);
        }

        return rows;
    }

    private static FileReport ReportOf(ScanFile scanned, TableMetadata table, Schema schema)
    {
        var file = scanned.Data.DataFile;
        var spec = table.FindSpec(file.PartitionSpecId);
        return new FileReport(file.FilePath, file.RecordCount, file.FileSizeInBytes, scanned.Deletes.Count, spec is null or { IsUnpartitioned: true } ? null : spec.PathOf(schema, file.Partition));
    }
}
