namespace DataLake.Parquet.Compression;

/// <summary>How pages are compressed. The numbers are those of <c>enum CompressionCodec</c> in parquet.thrift; see
/// <see href="https://github.com/apache/parquet-format/blob/master/Compression.md">Compression.md</see>.</summary>
public enum CompressionCodec
{
    /// <summary>Not compressed.</summary>
    None = 0,

    /// <summary>Snappy raw blocks: fast, read by every Parquet reader.</summary>
    Snappy = 1,

    /// <summary>gzip: smaller and many times slower.</summary>
    Gzip = 2,

    /// <summary>Recognised in metadata only.</summary>
    Lzo = 3,

    /// <summary>Brotli: smaller and several times slower.</summary>
    Brotli = 4,

    /// <summary>Recognised in metadata only (deprecated framing).</summary>
    Lz4 = 5,

    /// <summary>Recognised in metadata only.</summary>
    Zstandard = 6,

    /// <summary>LZ4 blocks without a frame: as fast as Snappy and decompressed faster, but not known to every reader.</summary>
    Lz4Raw = 7,
}
