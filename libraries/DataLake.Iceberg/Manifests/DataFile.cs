using DataLake.Iceberg.Partitioning;

namespace DataLake.Iceberg.Manifests;

/// <summary>A data file or delete file and what is known of it (<see href="https://iceberg.apache.org/spec/#data-file-fields">Data File Fields</see>).</summary>
public sealed record DataFile
{
    /// <summary>What it holds.</summary>
    public DataFileContent Content { get; init; }

    /// <summary>Where it is: the full location with its scheme, exactly as position deletes name it.</summary>
    public required string FilePath { get; init; }

    /// <summary>Its format.</summary>
    public FileFormat FileFormat { get; init; }

    /// <summary>The partition of all its rows, by the spec <see cref="PartitionSpecId"/>.</summary>
    public PartitionTuple Partition { get; init; } = PartitionTuple.Empty;

    /// <summary>The partition spec of the manifest that lists it. Not part of the file's own record.</summary>
    public int PartitionSpecId { get; init; }

    /// <summary>Rows.</summary>
    public required long RecordCount { get; init; }

    /// <summary>Bytes.</summary>
    public required long FileSizeInBytes { get; init; }

    /// <summary>Bytes on disk by column.</summary>
    public FieldMap<long>? ColumnSizes { get; init; }

    /// <summary>Values by column, nulls and NaNs included.</summary>
    public FieldMap<long>? ValueCounts { get; init; }

    /// <summary>Nulls by column.</summary>
    public FieldMap<long>? NullValueCounts { get; init; }

    /// <summary>NaNs by column.</summary>
    public FieldMap<long>? NanValueCounts { get; init; }

    /// <summary>A value not above any of the column's that are neither null nor NaN, by column, as single-value bytes.</summary>
    public FieldMap<ReadOnlyMemory<byte>>? LowerBounds { get; init; }

    /// <summary>A value not below any of the column's that are neither null nor NaN, by column, as single-value bytes.</summary>
    public FieldMap<ReadOnlyMemory<byte>>? UpperBounds { get; init; }

    /// <summary>Key metadata of an encrypted file.</summary>
    public ReadOnlyMemory<byte>? KeyMetadata { get; init; }

    /// <summary>Where the file may be split, rising: the offsets of its row groups.</summary>
    public IReadOnlyList<long>? SplitOffsets { get; init; }

    /// <summary>Of an equality delete file: the fields by which rows are equal. Otherwise null.</summary>
    public IReadOnlyList<int>? EqualityIds { get; init; }

    /// <summary>The sort order of its rows, or null.</summary>
    public int? SortOrderId { get; init; }

    /// <summary>Of a position delete file that names one data file only: that file.</summary>
    public string? ReferencedDataFile { get; init; }
}
