namespace DataLake.Parquet.Compression;

internal sealed class UncompressedCodec : PageCodec
{
    public override CompressionCodec Codec => CompressionCodec.None;

    public override int MaxCompressedLength(int length) => length;

    public override long MaxDecompressedLength(int compressed) => compressed;

    public override int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        source.CopyTo(destination);
        return source.Length;
    }

    public override void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length != destination.Length)
            throw ParquetException.Corrupt($"An uncompressed page holds {source.Length} bytes where its header says {destination.Length}.");
        source.CopyTo(destination);
    }
}
