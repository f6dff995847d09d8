using System.Buffers.Binary;

namespace DataLake.Parquet.Compression;

/// <summary>Reads LZ4 blocks (<see href="https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md"/>) from untrusted bytes. Every read and write is
/// checked, so that bad input ends in an exception and never outside the two spans.</summary>
internal static class Lz4Decompressor
{
    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var (ip, op) = (0, 0);
        while (true)
        {
            if (ip >= source.Length) throw Bad("it ends without literals");
            int token = source[ip++];
            var literals = token >> 4;
            if (literals == 15) literals = LongLength(source, ref ip, literals);
            if (literals > source.Length - ip || literals > destination.Length - op) throw Bad("literals run over the end");
            source.Slice(ip, literals).CopyTo(destination[op..]);
            ip += literals;
            op += literals;
            if (ip == source.Length) break;
            if (source.Length - ip < 2) throw Bad("an offset is cut off");
            int offset = BinaryPrimitives.ReadUInt16LittleEndian(source[ip..]);
            ip += 2;
            var count = token & 15;
            if (count == 15) count = LongLength(source, ref ip, count);
            count += 4;
            if (offset == 0 || offset > op) throw Bad("a match reaches before the start");
            if (count > destination.Length - op) throw Bad("a match runs over the end");
            OverlappingCopy.Run(destination, op, offset, count);
            op += count;
        }

        if (op != destination.Length) throw Bad($"it ends after {op} of {destination.Length} bytes");
    }

    private static int LongLength(ReadOnlySpan<byte> source, ref int ip, int length)
    {
        while (true)
        {
            if (ip >= source.Length) throw Bad("a length is cut off");
            var next = source[ip++];
            length += next;
            if (next < 255) return length;
            if (length > 1 << 30) throw Bad("a length is larger than any page");
        }
    }

    private static ParquetException Bad(string what) => ParquetException.Corrupt($"An LZ4 block is damaged: {what}.");
}
