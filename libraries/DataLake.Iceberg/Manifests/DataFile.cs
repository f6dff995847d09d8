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

    /// <summary>Rows; of a deletion vector, deleted ones.</summary>
    public required long RecordCount { get; init; }

    /// <summary>Bytes; of a deletion vector, those of the whole file it is in.</summary>
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

    /// <summary>The id of its first row, where its rows do not have their own; what a manifest gives has inherited ones filled in. Null before version 3, and for delete files.</summary>
    public long? FirstRowId { get; init; }

    /// <summary>Of a deletion vector, or a position delete file that names one data file only: that file.</summary>
    public string? ReferencedDataFile { get; init; }

    /// <summary>Of a deletion vector: where it begins in its file.</summary>
    public long? ContentOffset { get; init; }

    /// <summary>Of a deletion vector: its bytes.</summary>
    public long? ContentSizeInBytes { get; init; }

    /// <summary>Whether it is a deletion vector: the deleted rows of one data file, as a bitmap in a Puffin file that may hold those of others.</summary>
    public bool IsDeletionVector => Content == DataFileContent.PositionDeletes && FileFormat == FileFormat.Puffin;

    /// <summary>Its own bytes: of a deletion vector not those of its neighbours.</summary>
    public long OwnBytes => ContentSizeInBytes ?? FileSizeInBytes;

    /// <summary>By what a table knows it: several deletion vectors have one path.</summary>
    internal FileIdentity Identity => new(FilePath, ContentOffset);
}

/// <summary>A file, or a deletion vector in one.</summary>
/// <param name="Path">The file's location.</param>
/// <param name="Offset">Where the deletion vector begins; null for a whole file.</param>
internal readonly record struct FileIdentity(string Path, long? Offset);
