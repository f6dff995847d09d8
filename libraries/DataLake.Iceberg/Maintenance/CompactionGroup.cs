using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Data files whose rows become new files.</summary>
/// <param name="SpecId">The partition spec of the new files.</param>
/// <param name="Partition">Their partition; null where the spec divides the rows.</param>
/// <param name="Files">The files with their deletes, oldest first.</param>
internal sealed record CompactionGroup(int SpecId, PartitionTuple? Partition, IReadOnlyList<ScanFile> Files)
{
    public long Bytes { get; } = Files.Sum(file => file.Data.DataFile.FileSizeInBytes);

    public IEnumerable<DataFile> DataFiles => Files.Select(file => file.Data.DataFile);

    /// <summary>Files that readers are spared, by the byte: what is done first.</summary>
    public double Worth => Files.Sum(file => 1.0 + file.Deletes.Count) / (Bytes + 1);
}
