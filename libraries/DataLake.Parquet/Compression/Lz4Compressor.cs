using System.Diagnostics;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataLake.Parquet.Compression;

/// <summary>
/// Writes LZ4 blocks (<see href="https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md"/>): greedy matches of four bytes and more within 64 KiB, found
/// through a hash table of positions. Where matches are rare the search takes longer and longer steps.
/// </summary>
internal sealed class Lz4Compressor
{
    private const int MaxTableBits = 14;
    private const int MinMatch = 4;
    private const int MaxOffset = 65_535;

    // The last match starts at least twelve bytes before the end, and the last five bytes are literals ("End of block conditions").
    private const int LastMatchStart = 12;
    private const int LastLiterals = 5;
    private readonly int[] _positions = new int[1 << MaxTableBits];

    /// <summary>The most bytes a source of <paramref name="length"/> bytes can take.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/> when that does not fit an array.</exception>
    public static int MaxCompressedLength(int length)
    {
        var bound = 48L + length + (length / 255);
        return bound <= Array.MaxLength ? (int)bound : throw PageCodec.TooLarge(length);
    }

    /// <summary>Compresses <paramref name="block"/>; returns the bytes written.</summary>
    public int Compress(ReadOnlySpan<byte> block, Span<byte> destination)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(destination.Length, MaxCompressedLength(block.Length));
        if (block.IsEmpty)
        {
            // One token: no literals, no match.
            destination[0] = 0;
            return 1;
        }

        ref var source = ref MemoryMarshal.GetReference(block);
        ref var output = ref MemoryMarshal.GetReference(destination);
        nint length = block.Length;
        nint emitted = 0;
        nint op = 0;
        if (length > LastMatchStart)
        {
            var bits = Math.Clamp(BitOperations.Log2((uint)block.Length - 1) + 1, 8, MaxTableBits);
            Array.Clear(_positions, 0, 1 << bits);
            var shift = 64 - bits;
            ref var table = ref MemoryMarshal.GetArrayDataReference(_positions);
            var limit = length - LastMatchStart;
            nint ip = 1;
            while (true)
            {
                var misses = 64;
                var next = ip;
                nint candidate;
                do
                {
                    ip = next;
                    next = ip + (misses++ >> 6);
                    if (next > limit) goto Tail;
                    ref var slot = ref Unsafe.Add(ref table, Hash(BlockMatch.Load64(ref source, ip), shift));
                    candidate = slot;
                    slot = (int)ip;
                }
                while (ip - candidate > MaxOffset || BlockMatch.Load32(ref source, ip) != BlockMatch.Load32(ref source, candidate));

                while (ip > emitted && candidate > 0 && Unsafe.Add(ref source, ip - 1) == Unsafe.Add(ref source, candidate - 1))
                {
                    ip--;
                    candidate--;
                }

                var matched = BlockMatch.Length(ref source, candidate + MinMatch, ip + MinMatch, length - LastLiterals);
                op = EmitSequence(ref output, op, ref source, emitted, ip - emitted, ip - candidate, matched);
                ip += MinMatch + matched;
                emitted = ip;
                if (ip > limit) break;
                Unsafe.Add(ref table, Hash(BlockMatch.Load64(ref source, ip - 2), shift)) = (int)(ip - 2);
            }
        }

    Tail:
        op = EmitLiterals(ref output, op, ref source, emitted, length - emitted);
        Debug.Assert(op <= destination.Length);
        return (int)op;
    }

    // Five bytes: matches of four seldom pay, and numbers have many.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint Hash(ulong bytes, int shift) => (nint)(((bytes << 24) * 889523592379UL) >> shift);

    private static nint EmitSequence(ref byte output, nint op, ref byte source, nint from, nint literals, nint offset, nint matched)
    {
        var start = op;
        op = EmitLiterals(ref output, op, ref source, from, literals);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref output, op), (ushort)offset);
        op += 2;
        Unsafe.Add(ref output, start) |= (byte)Math.Min(matched, 15);
        return matched < 15 ? op : EmitLength(ref output, op, matched - 15);
    }

    /// <summary>A token with a literal length, and the literals.</summary>
    private static nint EmitLiterals(ref byte output, nint op, ref byte source, nint from, nint count)
    {
        Unsafe.Add(ref output, op++) = (byte)(Math.Min(count, 15) << 4);
        if (count >= 15) op = EmitLength(ref output, op, count - 15);
        Unsafe.CopyBlockUnaligned(ref Unsafe.Add(ref output, op), ref Unsafe.Add(ref source, from), (uint)count);
        return op + count;
    }

    private static nint EmitLength(ref byte output, nint op, nint rest)
    {
        for (; rest >= 255; rest -= 255) Unsafe.Add(ref output, op++) = 255;
        Unsafe.Add(ref output, op++) = (byte)rest;
        return op;
    }
}
