namespace DataLake.Parquet.Metadata;

/// <summary>A horizontal slice of the file; <c>struct RowGroup</c> in parquet.thrift.</summary>
public sealed record RowGroupMetadata
{
    /// <summary>One chunk a column, in schema order.</summary>
    public required IReadOnlyList<ColumnChunkMetadata> Columns { get; init; }

    /// <summary>Rows.</summary>
    public required long RowCount { get; init; }

    /// <summary>Bytes of all chunks before compression.</summary>
    public required long TotalByteSize { get; init; }

    /// <summary>Bytes of all chunks in the file, or null if not recorded.</summary>
    public long? TotalCompressedSize { get; init; }

    /// <summary>File offset of the first page, or null if not recorded.</summary>
    public long? FileOffset { get; init; }

    /// <summary>Position among the row groups, or null if not recorded.</summary>
    public int? Ordinal { get; init; }
}
