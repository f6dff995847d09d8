using DataLake.Iceberg.Files;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// What a snapshot's files are like, and which of them are worth writing anew. Manifests are read, nothing else; of the data files only those are kept in memory that are small, have deletes, or are not laid out as the
/// table asks. Files of other partition specs than the default one are divided by that, as rewrite_data_files of Iceberg's own engines does: together, whatever partitions they were in.
/// </summary>
internal sealed class CompactionPlan
{
    private readonly CompactionOptions options;
    private readonly TableMetadata table;
    private readonly TargetLayout layout;
    private readonly DateTimeOffset now;

    // A delete file or deletion vector, and the data files that need it.
    private readonly Dictionary<FileIdentity, (DataFile File, int Files, long Rows)> deletes = [];
    private readonly List<ScanFile> candidates = [];
    private readonly HashSet<FileIdentity> gone = [];

    private CompactionPlan(TableMetadata table, CompactionOptions options, DateTimeOffset now) => (this.table, this.options, this.now, layout) = (table, options, now, new TargetLayout(table));

    public int DataFiles { get; private set; }

    public long DataBytes { get; private set; }

    public long Rows { get; private set; }

    public int SmallFiles { get; private set; }

    public int FilesToLayOut { get; private set; }

    public int FilesWithDeletes { get; private set; }

    public int FilesWithManyDeletes { get; private set; }

    public int MostDeletesOfAFile { get; private set; }

    public IReadOnlyCollection<DataFile> DeleteFiles => [.. deletes.Values.Select(delete => delete.File)];

    /// <summary>Groups, most worth first.</summary>
    public IReadOnlyList<CompactionGroup> Groups { get; private set; } = [];

    /// <summary>Position delete files that are too many in their partition.</summary>
    public IReadOnlyList<DeleteMerge> Merges { get; private set; } = [];

    /// <summary>Delete files that apply to nothing.</summary>
    public IReadOnlyList<DataFile> Dangling => Unneeded([]);

    public static async Task<CompactionPlan> MakeAsync(
        TableFiles files, TableMetadata table, Snapshot? snapshot, IReadOnlyList<ManifestFile> manifests, CompactionOptions options, DateTimeOffset now, CancellationToken cancellation)
    {
        var plan = new CompactionPlan(table, options, now);
        var reader = new SnapshotReader(files);
        foreach (var manifest in manifests.Where(manifest => manifest.Content == ManifestContent.Deletes && manifest.HasLiveFiles))
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
                if (entry.IsLive) plan.deletes[entry.DataFile.Identity] = (entry.DataFile, 0, 0);
        var byKey = plan.deletes.Values.Any(delete => delete.File.Content == DataFileContent.EqualityDeletes); // Bounds tell which of them concern a file.
        await foreach (var file in new ScanPlanner(files).PlanAsync(table, snapshot, withMetrics: byKey, cancellation: cancellation)) plan.Add(file);
        var types = table.PartitionSpecs.ToDictionary(spec => spec.SpecId, spec => spec.PartitionType(table.CurrentSchema));
        var partitions = plan.candidates
            .GroupBy(file => (SpecId: file.Data.DataFile.PartitionSpecId, Partition: PartitionPromotion.Promote(file.Data.DataFile.Partition, types[file.Data.DataFile.PartitionSpecId])))
            .ToList();
        plan.Groups =
        [
            .. partitions.Where(partition => plan.layout.Divides(partition.First().Data.DataFile)).SelectMany(partition => FileGroups
                    .Of(partition.Where(file => IsParquet(file) && (plan.IsSmall(file) || plan.MustRewrite(file))).OrderBy(file => file.Data.SequenceNumber), plan.MustRewrite, options)
                    .Select(group => new CompactionGroup(partition.Key.SpecId, partition.Key.Partition, group)))
                .Concat(plan.DividedGroups())
                .OrderByDescending(group => group.Worth),
        ];
        plan.Merges = [.. partitions.Select(partition => plan.MergeOf(partition.Key.SpecId, partition.Key.Partition, partition)).Where(merge => merge.Deletes.Count >= Math.Max(2, options.MaxDeleteFiles))];
        plan.candidates.Clear();
        return plan;
    }

    /// <summary>A merge without what left the table meanwhile.</summary>
    public DeleteMerge Rest(DeleteMerge merge) => MergeOf(merge.SpecId, merge.Partition, merge.Targets.Where(file => !gone.Contains(file.Data.DataFile.Identity)));

    /// <summary>Delete files that nothing needs when some data files have left.</summary>
    public IReadOnlyList<DataFile> Unneeded(IEnumerable<ScanFile> leaving)
    {
        var left = new Dictionary<FileIdentity, int>();
        foreach (var delete in leaving.SelectMany(file => file.Deletes)) left[delete.DataFile.Identity] = left.GetValueOrDefault(delete.DataFile.Identity) + 1;
        return [.. deletes.Values.Where(delete => delete.Files == left.GetValueOrDefault(delete.File.Identity) && !gone.Contains(delete.File.Identity)).Select(delete => delete.File)];
    }

    /// <summary>Remembers what left the table.</summary>
    public void Leave(IEnumerable<ScanFile> files, IEnumerable<DataFile> deleteFiles)
    {
        foreach (var file in files)
        {
            gone.Add(file.Data.DataFile.Identity);
            foreach (var delete in file.Deletes.Select(delete => delete.DataFile.Identity))
                deletes[delete] = deletes[delete] with { Files = deletes[delete].Files - 1 };
        }

        foreach (var file in deleteFiles) gone.Add(file.Identity);
    }

    /// <summary>Files of other specs, oldest first: as many as are divided at a time, once they are enough or have waited.</summary>
    private IEnumerable<CompactionGroup> DividedGroups()
    {
        if (layout.Spec is not { } spec) yield break;
        var (group, bytes) = (new List<ScanFile>(), 0L);
        var partition = spec.IsUnpartitioned ? FilePlacement.Undivided(spec) : null;
        foreach (var file in candidates.Where(file => !layout.Divides(file.Data.DataFile) && IsParquet(file)).OrderBy(file => file.Data.SequenceNumber))
        {
            if (group.Count > 0 && bytes + BytesOf(file) > options.DividedBytes)
            {
                yield return new CompactionGroup(spec.SpecId, partition, group);
                (group, bytes) = ([], 0);
            }

            group.Add(file);
            bytes += BytesOf(file);
        }

        if (group.Count >= options.MinFiles || bytes >= options.SmallBytes || group.Exists(file => HasWaited(file) || MustRewrite(file))) yield return new CompactionGroup(spec.SpecId, partition, group);
    }

    private DeleteMerge MergeOf(int specId, PartitionTuple partition, IEnumerable<ScanFile> files)
    {
        var targets = files.Where(file => file.Deletes.Any(IsMergeable)).ToList();
        return new DeleteMerge(specId, partition, [.. targets.SelectMany(file => file.Deletes).Where(IsMergeable).Select(delete => delete.DataFile).DistinctBy(file => file.Identity)], targets);
    }

    private bool IsMergeable(ManifestEntry delete) =>
        delete.DataFile is { Content: DataFileContent.PositionDeletes, FileFormat: FileFormat.Parquet } file && !gone.Contains(file.Identity);

    private void Add(ScanFile file)
    {
        var data = file.Data.DataFile;
        DataFiles++;
        DataBytes += data.FileSizeInBytes;
        Rows += data.RecordCount;
        if (IsSmall(file)) SmallFiles++;
        if (file.Deletes.Count > 0) FilesWithDeletes++;
        if (KeyDeletes(file) >= options.MaxDeleteFiles) FilesWithManyDeletes++;
        MostDeletesOfAFile = Math.Max(MostDeletesOfAFile, file.Deletes.Count);
        foreach (var delete in file.Deletes.Select(delete => delete.DataFile.Identity))
            deletes[delete] = deletes[delete] with { Files = deletes[delete].Files + 1, Rows = deletes[delete].Rows + data.RecordCount };
        var isLaidOut = layout.Divides(data) && layout.Sorts(data);
        if (!isLaidOut && IsParquet(file)) FilesToLayOut++;
        if (file.Deletes.Count > 0 || IsSmall(file) || !isLaidOut) candidates.Add(file);
    }

    private static bool IsParquet(ScanFile file) => file.Data.DataFile.FileFormat == FileFormat.Parquet;

    private static long BytesOf(ScanFile file) => file.Data.DataFile.FileSizeInBytes;

    private bool IsSmall(ScanFile file) => BytesOf(file) < options.SmallBytes;

    private bool MustRewrite(ScanFile file) => (!layout.Sorts(file.Data.DataFile) && (!IsSmall(file) || HasWaited(file))) || (file.Deletes.Count > 0
        && (KeyDeletes(file) >= options.MaxDeleteFiles || DeletedRows(file) >= options.DeletedShare * file.Data.DataFile.RecordCount));

    /// <summary>Whether a file has been part of the table for as long as small ones wait for others.</summary>
    private bool HasWaited(ScanFile file) =>
        file.Data.SnapshotId is not { } id || table.FindSnapshot(id) is not { } added || now - DateTimeOffset.FromUnixTimeMilliseconds(added.TimestampMs) >= options.LayoutDelay;

    private static int KeyDeletes(ScanFile file) => file.Deletes.Count(delete => delete.DataFile.Content == DataFileContent.EqualityDeletes);

    /// <summary>How many rows of a file are deleted: exact where a delete file names that file alone, otherwise its share, by rows, of what the delete file deletes anywhere.</summary>
    private double DeletedRows(ScanFile file) => file.Deletes.Sum(delete =>
        delete.DataFile.RecordCount * (double)file.Data.DataFile.RecordCount / Math.Max(1, deletes[delete.DataFile.Identity].Rows));
}
