using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Planning;

/// <summary>
/// The live delete files of a snapshot, found by the data files they apply to (<see href="https://iceberg.apache.org/spec/#scan-planning">Scan Planning</see>): position deletes to files of the same
/// partition that are not newer, or a deletion vector in their place; equality deletes to files that are older, those of an unpartitioned spec in every partition.
/// </summary>
public sealed class DeleteIndex
{
    // The reserved field of position delete files.
    private const int FilePathFieldId = 2147483546;

    private readonly Dictionary<string, List<ManifestEntry>> byPath = new(StringComparer.Ordinal);
    private readonly Dictionary<(int SpecId, PartitionTuple Partition), List<ManifestEntry>> byPartition = [];
    private readonly List<ManifestEntry> everywhere = [];
    private readonly Dictionary<int, StructType> partitionTypes;
    private readonly HashSet<int> unpartitioned;
    private readonly Schema schema;
    private bool hasVectors;

    /// <summary>An empty index.</summary>
    /// <param name="table">The table that the files belong to.</param>
    public DeleteIndex(TableMetadata table)
    {
        ArgumentNullException.ThrowIfNull(table);
        partitionTypes = table.PartitionSpecs.ToDictionary(spec => spec.SpecId, spec => spec.PartitionType(table.CurrentSchema));
        schema = table.CurrentSchema;
        unpartitioned = [.. table.PartitionSpecs.Where(spec => spec.IsUnpartitioned).Select(spec => spec.SpecId)];
    }

    /// <summary>How many delete files it has.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a delete file.</summary>
    public void Add(ManifestEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var file = entry.DataFile;
        Count++;
        hasVectors |= file.IsDeletionVector;
        if (file.Content == DataFileContent.EqualityDeletes && unpartitioned.Contains(file.PartitionSpecId)) everywhere.Add(entry);
        else if (TargetOf(file) is { } path) ListOf(byPath, path).Add(entry);
        else ListOf(byPartition, PartitionOf(file)).Add(entry);
    }

    /// <summary>The delete files that apply to a data file.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: it has several deletion vectors.</exception>
    public IReadOnlyList<ManifestEntry> For(ManifestEntry data)
    {
        var found = Matching(data);
        if (!hasVectors || found.FindAll(delete => delete.DataFile.IsDeletionVector) is not [var vector, ..] vectors) return found;
        if (vectors.Count > 1)
            throw IcebergException.Corrupt($"The data file '{data.DataFile.FilePath}' has {vectors.Count} deletion vectors in one snapshot, among them one in '{vector.DataFile.FilePath}'; roll back to a snapshot where it has one.");

        // A vector has what position delete files deleted before it.
        return found.FindAll(delete => delete.DataFile.Content != DataFileContent.PositionDeletes || delete == vector);
    }

    /// <summary>The delete files that can delete rows of a data file, whatever replaces whatever: they may come from several snapshots.</summary>
    internal List<ManifestEntry> Matching(ManifestEntry data)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (Count == 0) return [];
        List<ManifestEntry>? found = null;
        Collect(everywhere, data, ref found);
        if (byPartition.TryGetValue(PartitionOf(data.DataFile), out var partition)) Collect(partition, data, ref found);
        if (byPath.TryGetValue(data.DataFile.FilePath, out var path)) Collect(path, data, ref found);
        return found ?? [];
    }

    /// <summary>Two files are in one partition when spec and values are the same, whatever the type was when the one or the other was written.</summary>
    private (int SpecId, PartitionTuple Partition) PartitionOf(DataFile file) =>
        (file.PartitionSpecId, partitionTypes.TryGetValue(file.PartitionSpecId, out var type) ? PartitionPromotion.Promote(file.Partition, type) : file.Partition);

    private void Collect(List<ManifestEntry> deletes, ManifestEntry data, ref List<ManifestEntry>? found)
    {
        foreach (var delete in deletes)
            if (Applies(delete, data)) (found ??= []).Add(delete);
    }

    private bool Applies(ManifestEntry delete, ManifestEntry data)
    {
        if (delete.DataFile.Content == DataFileContent.EqualityDeletes) return data.SequenceNumber < delete.SequenceNumber && KeyOverlap.IsPossible(schema, delete.DataFile, data.DataFile);
        return data.SequenceNumber <= delete.SequenceNumber && CanName(delete.DataFile, data.DataFile.FilePath);
    }

    /// <summary>Whether a position delete file can name a data file, by its bounds of the path.</summary>
    private static bool CanName(DataFile delete, string path)
    {
        if (!HasPathBounds(delete, out var lower, out var upper)) return true;
        Span<byte> bytes = path.Length <= 256 ? stackalloc byte[path.Length * 3] : new byte[path.Length * 3];
        bytes = bytes[..System.Text.Encoding.UTF8.GetBytes(path, bytes)];
        return bytes.SequenceCompareTo(lower.Span) >= 0 && bytes.SequenceCompareTo(upper.Span) <= 0;
    }

    /// <summary>The one data file that a position delete file names, if it says so, or its bounds are one path. Bounds that were cut are not equal.</summary>
    private static string? TargetOf(DataFile delete)
    {
        if (delete.Content != DataFileContent.PositionDeletes || delete.ReferencedDataFile is not null) return delete.ReferencedDataFile;
        return HasPathBounds(delete, out var lower, out var upper) && lower.Span.SequenceEqual(upper.Span) ? System.Text.Encoding.UTF8.GetString(lower.Span) : null;
    }

    private static bool HasPathBounds(DataFile delete, out ReadOnlyMemory<byte> lower, out ReadOnlyMemory<byte> upper)
    {
        lower = upper = default;
        return delete.LowerBounds?.TryGetValue(FilePathFieldId, out lower) == true && delete.UpperBounds?.TryGetValue(FilePathFieldId, out upper) == true;
    }

    private static List<ManifestEntry> ListOf<TKey>(Dictionary<TKey, List<ManifestEntry>> lists, TKey key)
        where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list)) lists[key] = list = [];
        return list;
    }
}
