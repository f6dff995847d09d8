using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Parquet.Compression;

/// <summary>Reads the raw block format of Snappy (<see href="https://github.com/google/snappy/blob/main/format_description.txt"/>) from untrusted bytes.
/// Every read and write is checked, so that bad input ends in an exception and never outside the two spans.</summary>
internal static class SnappyDecompressor
{
    /// <summary>The decompressed length that the block states, and where its elements start.</summary>
    public static (uint Length, int Start) ReadLength(ReadOnlySpan<byte> source)
    {
        ulong length = 0;
        for (var i = 0; i < 5 && i < source.Length; i++)
        {
            length |= (ulong)(source[i] & 0x7F) << (7 * i);
            if (source[i] < 0x80) return length <= uint.MaxValue ? ((uint)length, i + 1) : throw Bad("its length has more than 32 bits");
        }

        throw Bad("its length is cut off");
    }

    /// <summary>Fills <paramref name="destination"/> exactly.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decompress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        var (length, ip) = ReadLength(source);
        if (length != (uint)destination.Length) throw Bad($"it states {length} bytes where the page header states {destination.Length}");
        var op = 0;
        while (ip < source.Length)
        {
            int tag = source[ip++];
            if ((tag & 3) == 0)
            {
                var size = (tag >> 2) + 1;
                if (size > 60) size = LongLiteral(source, ref ip, size - 60);
                if (size > source.Length - ip || size > destination.Length - op) throw Bad("a literal runs over the end");
                if (size <= 16 && source.Length - ip >= 16 && destination.Length - op >= 16)
                    source.Slice(ip, 16).CopyTo(destination.Slice(op, 16));
                else
                    source.Slice(ip, size).CopyTo(destination.Slice(op, size));
                ip += size;
                op += size;
                continue;
            }

            int count;
            uint offset;
            switch (tag & 3)
            {
                case 1:
                    if (source.Length - ip < 1) throw Bad("a copy is cut off");
                    count = 4 + ((tag >> 2) & 7);
                    offset = ((uint)(tag >> 5) << 8) | source[ip];
                    ip += 1;
                    break;
                case 2:
                    if (source.Length - ip < 2) throw Bad("a copy is cut off");
                    count = 1 + (tag >> 2);
                    offset = BinaryPrimitives.ReadUInt16LittleEndian(source[ip..]);
                    ip += 2;
                    break;
                default:
                    if (source.Length - ip < 4) throw Bad("a copy is cut off");
                    count = 1 + (tag >> 2);
                    offset = BinaryPrimitives.ReadUInt32LittleEndian(source[ip..]);
                    ip += 4;
                    break;
            }

            if (offset == 0 || offset > (uint)op) throw Bad("a copy reaches before the start");
            if (count > destination.Length - op) throw Bad("a copy runs over the end");
            OverlappingCopy.Run(destination, op, (int)offset, count);
            op += count;
        }

        if (op != destination.Length) throw Bad($"it ends after {op} of {destination.Length} bytes");
    }

    private static int LongLiteral(ReadOnlySpan<byte> source, ref int ip, int bytes)
    {
        if (source.Length - ip < bytes) throw Bad("a literal's length is cut off");
        var size = 0UL;
        for (var i = 0; i < bytes; i++) size |= (ulong)source[ip + i] << (8 * i);
        ip += bytes;
        return size < int.MaxValue ? (int)size + 1 : throw Bad("a literal is longer than any page");
    }

    private static ParquetException Bad(string what) => ParquetException.Corrupt($"A Snappy block is damaged: {what}.");
}
