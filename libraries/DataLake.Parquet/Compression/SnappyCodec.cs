namespace DataLake.Parquet.Compression;

internal sealed class SnappyCodec : PageCodec
{
    // A reader never needs it.
    private SnappyCompressor? _compressor;

    public override CompressionCodec Codec => CompressionCodec.Snappy;

    public override int MaxCompressedLength(int length) => SnappyCompressor.MaxCompressedLength(length);

    // The densest element is a copy of 64 bytes in 3.
    public override long MaxDecompressedLength(int compressed) => (long)compressed * 22;

    public override int Compress(ReadOnlySpan<byte> source, Span<byte> destination) => (_compressor ??= new()).Compress(source, destination);

    public override void Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => SnappyDecompressor.Decompress(source, destination);
}
