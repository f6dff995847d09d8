using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Metadata;

/// <summary>Where and how the values of one column in one row group are stored; <c>struct ColumnMetaData</c> in parquet.thrift.</summary>
public sealed record ColumnChunkMetadata
{
    /// <summary>How values are stored.</summary>
    public required PhysicalType PhysicalType { get; init; }

    /// <summary>All encodings of the chunk's pages.</summary>
    public required IReadOnlyList<ParquetEncoding> Encodings { get; init; }

    /// <summary>How pages are compressed.</summary>
    public required CompressionCodec Codec { get; init; }

    /// <summary>Values, nulls included: the rows, or of a list its elements, with one more for every list that is empty or missing.</summary>
    public required long ValueCount { get; init; }

    /// <summary>Bytes of all pages before compression, headers included.</summary>
    public required long TotalUncompressedSize { get; init; }

    /// <summary>Bytes of all pages in the file, headers included.</summary>
    public required long TotalCompressedSize { get; init; }

    /// <summary>File offset of the first data page.</summary>
    public required long DataPageOffset { get; init; }

    /// <summary>File offset of the dictionary page, if there is one.</summary>
    public long? DictionaryPageOffset { get; init; }

    /// <summary>What is known of the values.</summary>
    public ColumnStatistics? Statistics { get; init; }

    /// <summary>Where bounds and counts of every page stand, or null if they were not written.</summary>
    public FileRange? ColumnIndex { get; init; }

    /// <summary>Where the places of all pages stand, or null if they were not written.</summary>
    public FileRange? OffsetIndex { get; init; }

    /// <summary>Where the Bloom filter stands, header included, or null if there is none. The length is 0 where an older writer did not record it.</summary>
    public FileRange? BloomFilter { get; init; }

    /// <summary>Number of data pages in PLAIN encoding and in RLE_DICTIONARY encoding, for <c>encoding_stats</c>; zero when read from a file.</summary>
    internal (int Plain, int Dictionary) PageCounts { get; init; }

    /// <summary>File offset of the first page of either kind.</summary>
    internal long Start => DictionaryPageOffset is { } dictionary and > 0 && dictionary < DataPageOffset ? dictionary : DataPageOffset;
}
