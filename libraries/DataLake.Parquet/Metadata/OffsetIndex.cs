namespace DataLake.Parquet.Metadata;

/// <summary>Where the data pages of a column chunk stand; <c>struct OffsetIndex</c> in parquet.thrift.</summary>
/// <param name="Pages">The data pages in file order.</param>
public sealed record OffsetIndex(IReadOnlyList<PageLocation> Pages);

/// <summary>Where a data page stands.</summary>
/// <param name="Offset">File offset of its header.</param>
/// <param name="CompressedSize">Its bytes in the file, header included.</param>
/// <param name="FirstRow">Its first row, counted within the row group.</param>
public readonly record struct PageLocation(long Offset, int CompressedSize, long FirstRow);
