using System.Numerics;
using System.Runtime.CompilerServices;

namespace DataLake.Parquet.Compression;

/// <summary>What the block compressors share: loads without bounds checks, and the length of a match.</summary>
internal static class BlockMatch
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Load32(ref byte source, nint offset) => Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref source, offset));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load64(ref byte source, nint offset) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref source, offset));

    /// <summary>How many bytes from <paramref name="candidate"/> and <paramref name="ip"/> on are the same, up to <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Length(ref byte source, nint candidate, nint ip, nint end)
    {
        var start = ip;
        while (ip + 8 <= end)
        {
            var difference = Load64(ref source, candidate) ^ Load64(ref source, ip);
            if (difference != 0) return ip - start + (BitOperations.TrailingZeroCount(difference) >> 3);
            ip += 8;
            candidate += 8;
        }

        while (ip < end && Unsafe.Add(ref source, candidate) == Unsafe.Add(ref source, ip))
        {
            ip++;
            candidate++;
        }

        return ip - start;
    }
}
