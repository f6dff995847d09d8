using System.IO.Compression;

namespace DataLake.Parquet.Compression;

/// <summary>Brotli (RFC 7932) by .NET, at quality 1, its second fastest: smaller than gzip's fastest, and faster. The window holds a page of the usual
/// size. .NET cannot use an encoder again, so that every page makes its own, outside the managed heap.</summary>
internal sealed class BrotliCodec : PageCodec
{
    private const int Quality = 1;
    private const int WindowBits = 20;

    public override CompressionCodec Codec => CompressionCodec.Brotli;

    public override int MaxCompressedLength(int length) =>
        length <= int.MaxValue - 524_288 ? Math.Max(16, BrotliEncoder.GetMaxCompressedLength(length)) : throw TooLarge(length);

    // One command can repeat 16 MiB: only the options bound what a page takes.
    public override long MaxDecompressedLength(int compressed) => int.MaxValue;

    public override int Compress(ReadOnlySpan<byte> source, Span<byte> destination) =>
        BrotliEncoder.TryCompress(source, destination, out var written, Quality, WindowBits)
            ? written
            : throw new InvalidOperationException($"Brotli did not fit {source.Length} bytes into {destination.Length}.");

    public override void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (!BrotliDecoder.TryDecompress(source, destination, out var written) || written != destination.Length)
            throw ParquetException.Corrupt($"A Brotli page is damaged: it gives {written} of {destination.Length} bytes.");
    }
}
