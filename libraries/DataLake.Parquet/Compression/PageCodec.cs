namespace DataLake.Parquet.Compression;

/// <summary>Compresses and decompresses whole pages. An instance keeps its working memory and serves one thread at a time.</summary>
internal abstract class PageCodec
{
    public abstract CompressionCodec Codec { get; }

    /// <summary>The most bytes that <see cref="Compress"/> can make of <paramref name="length"/> bytes.</summary>
    public abstract int MaxCompressedLength(int length);

    /// <summary>Compresses <paramref name="source"/> and returns how many bytes of <paramref name="destination"/> it took.</summary>
    public abstract int Compress(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>Fills <paramref name="destination"/> exactly, or throws <see cref="ParquetException"/>.</summary>
    public abstract void Decompress(ReadOnlySpan<byte> source, Span<byte> destination);

    /// <summary>The most bytes that <paramref name="compressed"/> bytes can stand for, which bounds what is allocated for a page of a hostile file.</summary>
    public abstract long MaxDecompressedLength(int compressed);

    public static bool IsSupported(CompressionCodec codec) =>
        codec is CompressionCodec.None or CompressionCodec.Snappy or CompressionCodec.Gzip or CompressionCodec.Brotli or CompressionCodec.Lz4Raw;

    public static PageCodec Create(CompressionCodec codec) => codec switch
    {
        CompressionCodec.None => new UncompressedCodec(),
        CompressionCodec.Snappy => new SnappyCodec(),
        CompressionCodec.Gzip => new GzipCodec(),
        CompressionCodec.Brotli => new BrotliCodec(),
        CompressionCodec.Lz4Raw => new Lz4RawCodec(),
        _ => throw ParquetException.Unsupported($"Compression {codec} is not supported; use Snappy, Lz4Raw, Gzip, Brotli or None."),
    };

    public static ParquetException TooLarge(int length) =>
        new(ParquetErrorKind.InvalidValue, $"A page of {length:N0} bytes is too large to compress; use smaller pages or values.");
}
