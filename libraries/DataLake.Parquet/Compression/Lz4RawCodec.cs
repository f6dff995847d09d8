namespace DataLake.Parquet.Compression;

internal sealed class Lz4RawCodec : PageCodec
{
    // A reader never needs it.
    private Lz4Compressor? _compressor;

    public override CompressionCodec Codec => CompressionCodec.Lz4Raw;

    public override int MaxCompressedLength(int length) => Lz4Compressor.MaxCompressedLength(length);

    // A byte of a long match stands for 255 bytes.
    public override long MaxDecompressedLength(int compressed) => (long)compressed * 255;

    public override int Compress(ReadOnlySpan<byte> source, Span<byte> destination) => (_compressor ??= new()).Compress(source, destination);

    public override void Decompress(ReadOnlySpan<byte> source, Span<byte> destination) => Lz4Decompressor.Decompress(source, destination);
}
