using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataLake.Parquet.Hashing;

/// <summary>xxHash with 64 bits and seed 0 (<see href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">specification</see>),
/// the hash of Parquet's Bloom filters.</summary>
public static class XxHash64
{
    private const ulong Prime1 = 0x9E3779B185EBCA87UL;
    private const ulong Prime2 = 0xC2B2AE3D27D4EB4FUL;
    private const ulong Prime3 = 0x165667B19E3779F9UL;
    private const ulong Prime4 = 0x85EBCA77C2B2AE63UL;
    private const ulong Prime5 = 0x27D4EB2F165667C5UL;

    /// <summary>The hash of some bytes.</summary>
    public static ulong Hash(ReadOnlySpan<byte> input)
    {
        var length = (ulong)input.Length;
        ulong hash;
        if (input.Length >= 32)
        {
            var (a, b, c, d) = (unchecked(Prime1 + Prime2), Prime2, 0UL, unchecked(0UL - Prime1));
            for (; input.Length >= 32; input = input[32..])
            {
                a = Round(a, MemoryMarshal.Read<ulong>(input));
                b = Round(b, MemoryMarshal.Read<ulong>(input[8..]));
                c = Round(c, MemoryMarshal.Read<ulong>(input[16..]));
                d = Round(d, MemoryMarshal.Read<ulong>(input[24..]));
            }

            hash = BitOperations.RotateLeft(a, 1) + BitOperations.RotateLeft(b, 7) + BitOperations.RotateLeft(c, 12) + BitOperations.RotateLeft(d, 18);
            hash = Merge(Merge(Merge(Merge(hash, a), b), c), d);
        }
        else
        {
            hash = Prime5;
        }

        hash += length;
        for (; input.Length >= 8; input = input[8..]) hash = Add(hash, MemoryMarshal.Read<ulong>(input));
        if (input.Length >= 4)
        {
            hash = Add(hash, MemoryMarshal.Read<uint>(input));
            input = input[4..];
        }

        foreach (var b in input) hash = BitOperations.RotateLeft(hash ^ (b * Prime5), 11) * Prime1;
        return Avalanche(hash);
    }

    /// <summary>The hash of the eight bytes of a number.</summary>
    public static ulong Hash(ulong value) => Avalanche(Add(Prime5 + 8, value));

    /// <summary>The hash of the four bytes of a number.</summary>
    public static ulong Hash(uint value) => Avalanche(Add(Prime5 + 4, value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Round(ulong lane, ulong input) => BitOperations.RotateLeft(lane + (input * Prime2), 31) * Prime1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Merge(ulong hash, ulong lane) => ((hash ^ Round(0, lane)) * Prime1) + Prime4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong hash, ulong input) => (BitOperations.RotateLeft(hash ^ Round(0, input), 27) * Prime1) + Prime4;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong hash, uint input) => (BitOperations.RotateLeft(hash ^ (input * Prime1), 23) * Prime2) + Prime3;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Avalanche(ulong hash)
    {
        hash = (hash ^ (hash >> 33)) * Prime2;
        hash = (hash ^ (hash >> 29)) * Prime3;
        return hash ^ (hash >> 32);
    }
}
