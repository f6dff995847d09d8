namespace DataLake.Parquet.Reading;

/// <summary>What a file may ask for. A file that asks for more is refused with <see cref="ParquetErrorKind.LimitExceeded"/>.</summary>
public sealed record ParquetReaderOptions
{
    /// <summary>The largest footer, page index or Bloom filter in bytes. Default 256 MiB.</summary>
    public int MaxFooterBytes { get; init; } = 256 << 20;

    /// <summary>The largest page in bytes after decompression. Default 256 MiB.</summary>
    public int MaxPageBytes { get; init; } = 256 << 20;

    /// <summary>The most rows of one page; of lists, elements. Default 16 million.</summary>
    public int MaxPageRows { get; init; } = 16 << 20;

    /// <summary>The most rows of a column chunk that is read at once; of lists, elements. Default 64 million.</summary>
    public int MaxChunkRows { get; init; } = 64 << 20;
}
