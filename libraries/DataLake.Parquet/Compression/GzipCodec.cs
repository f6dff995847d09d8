using System.IO.Compression;

namespace DataLake.Parquet.Compression;

/// <summary>gzip (RFC 1952) by .NET's zlib, at its fastest level: 1. .NET cannot use a deflate state again, so that every page makes its own.</summary>
internal sealed unsafe class GzipCodec : PageCodec
{
    public override CompressionCodec Codec => CompressionCodec.Gzip;

    // Literals of nine bits, or stored blocks with five bytes for every 16 KiB or so, and the frame.
    public override int MaxCompressedLength(int length)
    {
        var bound = 256L + length + (length / 7);
        return bound <= Array.MaxLength ? (int)bound : throw TooLarge(length);
    }

    // Deflate repeats at most 258 bytes with two bits: 1,032 times.
    public override long MaxDecompressedLength(int compressed) => (long)compressed * 1032;

    public override int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        fixed (byte* target = destination)
        {
            using var stream = new UnmanagedMemoryStream(target, 0, destination.Length, FileAccess.Write);
            using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) gzip.Write(source);

            // An empty page writes nothing at all; readers want a frame.
            return stream.Position > 0 ? (int)stream.Position : EmptyFrame(destination);
        }
    }

    public override void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        // Nothing has no address.
        if (source.IsEmpty) throw ParquetException.Corrupt("A gzip page has no bytes.");
        try
        {
            fixed (byte* bytes = source)
            {
                using var stream = new UnmanagedMemoryStream(bytes, source.Length);
                using var gzip = new GZipStream(stream, CompressionMode.Decompress);
                var read = gzip.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
                if (read < destination.Length) throw ParquetException.Corrupt($"A gzip page ends after {read} of {destination.Length} bytes.");
                Span<byte> more = stackalloc byte[1];
                if (gzip.Read(more) > 0) throw ParquetException.Corrupt($"A gzip page holds more than the {destination.Length} bytes that its header states.");
            }
        }
        catch (Exception e) when (e is InvalidDataException or IOException)
        {
            throw new ParquetException(ParquetErrorKind.Corrupt, $"A gzip page is damaged: {e.Message}", e);
        }
    }

    private static int EmptyFrame(Span<byte> destination)
    {
        ReadOnlySpan<byte> frame = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        frame.CopyTo(destination);
        return frame.Length;
    }
}
