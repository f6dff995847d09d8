using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;

namespace DataLake.Parquet.Encodings;

/// <summary>Writes the hybrid of run-length and bit-packing
/// (<see href="https://github.com/apache/parquet-format/blob/master/Encodings.md#run-length-encoding--bit-packing-hybrid-rle--3">Encodings.md, RLE = 3</see>).</summary>
internal static class RleHybridEncoder
{
    /// <summary>Bits for numbers up to <paramref name="max"/>; at least one, because some readers stumble over none.</summary>
    public static int BitWidth(int max) => max <= 1 ? 1 : BitOperations.Log2((uint)max) + 1;

    /// <summary>Appends all <paramref name="values"/>, each below 2^<paramref name="bitWidth"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Encode<T>(ReadOnlySpan<T> values, int bitWidth, PooledBuffer output)
        where T : unmanaged, IBinaryInteger<T>
    {
        // A run interrupts bit-packing, and costs two headers: worth it when it replaces more bytes than those.
        var minimumRun = bitWidth == 1 ? 32 : bitWidth <= 4 ? 16 : 8;
        var literals = 0;
        var i = 0;
        while (i < values.Length)
        {
            var run = RunLength(values[i..]);
            if (run < minimumRun)
            {
                i += Math.Min(8, values.Length - i);
                continue;
            }

            BitPack(values[literals..i], bitWidth, output);
            Run(uint.CreateTruncating(values[i]), run, bitWidth, output);
            i += run;
            literals = i;
        }

        BitPack(values[literals..], bitWidth, output);
    }

    /// <summary>Appends <paramref name="count"/> times <paramref name="value"/>.</summary>
    public static void Run(uint value, int count, int bitWidth, PooledBuffer output)
    {
        output.AppendVarint((ulong)(uint)count << 1);
        for (var bits = 0; bits < bitWidth; bits += 8) output.Append((byte)(value >> bits));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int RunLength<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (values.Length < 8 || values[1] != values[0] || values[2] != values[0]) return 1;
        var end = values.IndexOfAnyExcept(values[0]);
        return end < 0 ? values.Length : end;
    }

    /// <summary>Groups of eight, least significant bit first; the last group is filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BitPack<T>(ReadOnlySpan<T> values, int bitWidth, PooledBuffer output)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (values.IsEmpty) return;
        var groups = (values.Length + 7) / 8;
        output.AppendVarint(((ulong)groups << 1) | 1);
        var size = groups * bitWidth;
        var packed = output.Reserve(size + 8);
        if (typeof(T) == typeof(byte) && bitWidth == 1)
        {
            BooleanPacking.Pack(MemoryMarshal.AsBytes(values), packed[..size]);
            output.Advance(size);
            return;
        }

        ulong bits = 0;
        var used = 0;
        var at = 0;
        foreach (var value in values)
        {
            bits |= ulong.CreateTruncating(value) << used;
            used += bitWidth;
            if (used < 32) continue;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(packed[at..], (uint)bits);
            at += 4;
            bits >>= 32;
            used -= 32;
        }

        // What is left, and zeros up to the end of the last group.
        while (at < size)
        {
            packed[at++] = (byte)bits;
            bits >>= 8;
        }

        output.Advance(size);
    }
}
