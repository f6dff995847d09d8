using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataLake.Parquet.Compression;

/// <summary>
/// Writes the raw block format of Snappy (<see href="https://github.com/google/snappy/blob/main/format_description.txt"/>): greedy matches of four bytes
/// and more, found through a hash table of positions, in blocks of 64 KiB so that every offset fits in two bytes. Where matches are rare the search
/// takes longer and longer steps, so that data that does not compress passes quickly.
/// </summary>
internal sealed class SnappyCompressor
{
    private const int BlockSize = 64 * 1024;
    private const int MaxTableBits = 14;

    // Matching reads eight bytes at a time; the last bytes of a block are always literals.
    private const int TailMargin = 15;
    private readonly ushort[] _positions = new ushort[1 << MaxTableBits];

    /// <summary>The most bytes a source of <paramref name="length"/> bytes can take: literal tags and the length in front.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/> when that does not fit an array.</exception>
    public static int MaxCompressedLength(int length)
    {
        var bound = 32L + length + (length / 6);
        return bound <= Array.MaxLength ? (int)bound : throw PageCodec.TooLarge(length);
    }

    /// <summary>Compresses <paramref name="source"/>; returns the bytes written.</summary>
    public int Compress(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, MaxCompressedLength(source.Length));
        var written = 0;
        for (var rest = (uint)source.Length; ; rest >>= 7)
        {
            if (rest < 0x80)
            {
                destination[written++] = (byte)rest;
                break;
            }

            destination[written++] = (byte)(rest | 0x80);
        }

        for (var start = 0; start < source.Length; start += BlockSize)
        {
            var block = source.Slice(start, Math.Min(BlockSize, source.Length - start));
            written += CompressBlock(block, destination[written..]);
        }

        return written;
    }

    // References instead of spans: the source is ours, the destination's size was checked above, and bounds checks cost a third of the time here.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CompressBlock(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        ref var source = ref MemoryMarshal.GetReference(block);
        ref var output = ref MemoryMarshal.GetReference(destination);
        nint emitted = 0;
        nint op = 0;
        nint length = block.Length;
        if (length >= TailMargin)
        {
            var bits = Math.Clamp(BitOperations.Log2((uint)block.Length - 1) + 1, 8, MaxTableBits);
            var shift = 64 - bits;
            Array.Clear(_positions, 0, 1 << bits);
            ref var table = ref MemoryMarshal.GetArrayDataReference(_positions);
            var limit = length - TailMargin;
            nint ip = 1;
            while (true)
            {
                // Look for bytes that were seen before; every 32 misses lengthen the step by one.
                var misses = 32;
                var next = ip;
                nint candidate;
                do
                {
                    ip = next;
                    next = ip + (misses++ >> 5);
                    if (next > limit) goto Tail;
                    ref var slot = ref Unsafe.Add(ref table, Hash(BlockMatch.Load64(ref source, ip), shift));
                    candidate = slot;
                    slot = (ushort)ip;
                }
                while (BlockMatch.Load32(ref source, ip) != BlockMatch.Load32(ref source, candidate));

                op = EmitLiteral(ref output, op, ref source, emitted, ip - emitted, length);
                do
                {
                    var matched = 4 + BlockMatch.Length(ref source, candidate + 4, ip + 4, length);
                    op = EmitCopy(ref output, op, ip - candidate, matched);
                    ip += matched;
                    emitted = ip;
                    if (ip >= limit) goto Tail;
                    Unsafe.Add(ref table, Hash(BlockMatch.Load64(ref source, ip - 1), shift)) = (ushort)(ip - 1);
                    ref var slot = ref Unsafe.Add(ref table, Hash(BlockMatch.Load64(ref source, ip), shift));
                    candidate = slot;
                    slot = (ushort)ip;
                }
                while (BlockMatch.Load32(ref source, ip) == BlockMatch.Load32(ref source, candidate));
                ip++;
            }
        }

    Tail:
        if (emitted < length) op = EmitLiteral(ref output, op, ref source, emitted, length - emitted, length);
        Debug.Assert(op <= destination.Length);
        return (int)op;
    }

    // Five bytes: matches of only four save one or two bytes each and are so frequent in numbers that looking at them halves the speed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Hash(ulong bytes, int shift) => (nint)(((bytes << 24) * 889523592379UL) >> shift);

    /// <summary>Section 2.1: up to 60 bytes have their length in the tag, longer ones behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint EmitLiteral(ref byte output, nint op, ref byte source, nint from, nint count, nint sourceLength)
    {
        var n = (uint)(count - 1);
        if (n < 60)
        {
            Unsafe.Add(ref output, op++) = (byte)(n << 2);
            if (count <= 16 && from + 16 <= sourceLength)
            {
                // Sixteen bytes at once; what is beyond the literal is overwritten by the next element. The bound on the output leaves 32 bytes of room.
                Unsafe.WriteUnaligned(ref Unsafe.Add(ref output, op), Unsafe.ReadUnaligned<Int128>(ref Unsafe.Add(ref source, from)));
                return op + count;
            }
        }
        else if (n < 256)
        {
            Unsafe.Add(ref output, op++) = 60 << 2;
            Unsafe.Add(ref output, op++) = (byte)n;
        }
        else
        {
            Unsafe.Add(ref output, op++) = 61 << 2;
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref output, op), (ushort)n);
            op += 2;
        }

        Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref output, op), ref Unsafe.Add(ref source, from), (uint)count);
        return op + count;
    }

    /// <summary>Section 2.2: a long match becomes copies of 64, the last two arranged so that none is below four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static nint EmitCopy(ref byte output, nint op, nint offset, nint count)
    {
        while (count >= 68)
        {
            op = EmitCopyOf(ref output, op, offset, 64);
            count -= 64;
        }

        if (count > 64)
        {
            op = EmitCopyOf(ref output, op, offset, 60);
            count -= 60;
        }

        return EmitCopyOf(ref output, op, offset, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint EmitCopyOf(ref byte output, nint op, nint offset, nint count)
    {
        if (count < 12 && offset < 2048)
        {
            Unsafe.Add(ref output, op) = (byte)(1 | ((count - 4) << 2) | ((offset >> 8) << 5));
            Unsafe.Add(ref output, op + 1) = (byte)offset;
            return op + 2;
        }

        Unsafe.Add(ref output, op) = (byte)(2 | ((count - 1) << 2));
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref output, op + 1), (ushort)offset);
        return op + 3;
    }
}
