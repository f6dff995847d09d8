using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// How a table is doing, measured by its metadata, the manifests of its current snapshot and a listing of its metadata folder; no data is read. Ten thousand files take well below a second.
/// </summary>
public sealed record TableHealth
{
    /// <summary>Live data files.</summary>
    public int DataFiles { get; init; }

    /// <summary>Bytes of the live data files.</summary>
    public long DataBytes { get; init; }

    /// <summary>Rows of the live data files, deleted ones included.</summary>
    public long Rows { get; init; }

    /// <summary>Data files below the small share of the target size.</summary>
    public int SmallFiles { get; init; }

    /// <summary>Data files that are not divided by the table's default partition spec, or not sorted by its default sort order.</summary>
    public int FilesToLayOut { get; init; }

    /// <summary>Live position delete files, and deletion vectors.</summary>
    public int PositionDeleteFiles { get; init; }

    /// <summary>Live equality delete files.</summary>
    public int EqualityDeleteFiles { get; init; }

    /// <summary>Delete files that apply to no data file any more.</summary>
    public int DanglingDeleteFiles { get; init; }

    /// <summary>Bytes of the live delete files.</summary>
    public long DeleteBytes { get; init; }

    /// <summary>Rows of position delete files: rows that are deleted, as long as none is deleted twice.</summary>
    public long DeletedPositions { get; init; }

    /// <summary>Rows of equality delete files: keys, of any number of rows.</summary>
    public long DeletedKeys { get; init; }

    /// <summary>Data files to which at least one delete file may apply.</summary>
    public int FilesWithDeletes { get; init; }

    /// <summary>Data files to which so many equality delete files may apply that compaction takes them for it.</summary>
    public int FilesWithManyDeletes { get; init; }

    /// <summary>The most delete files that may apply to one data file.</summary>
    public int MostDeletesOfAFile { get; init; }

    /// <summary>Partitions whose position delete files compaction would make one.</summary>
    public int DeleteMerges { get; init; }

    /// <summary>Groups of data files that compaction would write anew.</summary>
    public int CompactionGroups { get; init; }

    /// <summary>Data files in those groups.</summary>
    public int CompactionFiles { get; init; }

    /// <summary>Bytes of those files.</summary>
    public long CompactionBytes { get; init; }

    /// <summary>Manifests of the current snapshot.</summary>
    public int Manifests { get; init; }

    /// <summary>Bytes of these manifests.</summary>
    public long ManifestBytes { get; init; }

    /// <summary>Snapshots, of all branches and tags.</summary>
    public int Snapshots { get; init; }

    /// <summary>When the oldest snapshot was made; null where there is none.</summary>
    public DateTimeOffset? OldestSnapshot { get; init; }

    /// <summary>Files in the metadata folder: metadata files, manifest lists, manifests and what crashes left.</summary>
    public int MetadataFiles { get; init; }

    /// <summary>Bytes of them.</summary>
    public long MetadataBytes { get; init; }

    /// <summary>Measures a table.</summary>
    /// <param name="files">The lake's files.</param>
    /// <param name="table">The table.</param>
    /// <param name="options">Which files are small, or have many deletes.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellation">Stops the measuring.</param>
    /// <exception cref="IcebergException">A manifest is missing or damaged.</exception>
    public static async Task<TableHealth> MeasureAsync(TableFiles files, CatalogTable table, CompactionOptions options, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(files);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(options);
        var metadata = table.Metadata;
        var manifests = await new SnapshotReader(files).ManifestsAsync(metadata.CurrentSnapshot, cancellation);
        var plan = await CompactionPlan.MakeAsync(files, metadata, metadata.CurrentSnapshot, manifests, options.For(metadata), now, cancellation);
        var (count, bytes) = (0, 0L);
        foreach (var (_, file) in files.List(Catalogs.MetadataFiles.FolderOf(metadata))) (count, bytes) = (count + 1, bytes + file.Bytes);
        var positions = plan.DeleteFiles.Where(file => file.Content == DataFileContent.PositionDeletes).ToList();
        var keys = plan.DeleteFiles.Where(file => file.Content == DataFileContent.EqualityDeletes).ToList();
        return new TableHealth
        {
            DataFiles = plan.DataFiles,
            DataBytes = plan.DataBytes,
            Rows = plan.Rows,
            SmallFiles = plan.SmallFiles,
            FilesToLayOut = plan.FilesToLayOut,
            PositionDeleteFiles = positions.Count,
            EqualityDeleteFiles = keys.Count,
            DanglingDeleteFiles = plan.Dangling.Count,
            DeleteBytes = plan.DeleteFiles.Sum(file => file.OwnBytes),
            DeletedPositions = positions.Sum(file => file.RecordCount),
            DeletedKeys = keys.Sum(file => file.RecordCount),
            FilesWithDeletes = plan.FilesWithDeletes,
            FilesWithManyDeletes = plan.FilesWithManyDeletes,
            MostDeletesOfAFile = plan.MostDeletesOfAFile,
            DeleteMerges = plan.Merges.Count,
            CompactionGroups = plan.Groups.Count,
            CompactionFiles = plan.Groups.Sum(group => group.Files.Count),
            CompactionBytes = plan.Groups.Sum(group => group.Bytes),
            Manifests = manifests.Count,
            ManifestBytes = manifests.Sum(manifest => manifest.ManifestLength),
            Snapshots = metadata.Snapshots.Count,
            OldestSnapshot = metadata.Snapshots.Count == 0 ? null : DateTimeOffset.FromUnixTimeMilliseconds(metadata.Snapshots.Min(snapshot => snapshot.TimestampMs)),
            MetadataFiles = count,
            MetadataBytes = bytes,
        };
    }
}
