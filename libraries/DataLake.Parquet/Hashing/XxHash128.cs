using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DataLake.Parquet.Hashing;

/// <summary>XXH3 with 128 bits, seed 0 and the default secret (<see href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">specification</see>).</summary>
public static class XxHash128
{
    private const ulong Prime32x1 = 0x9E3779B1;
    private const ulong Prime32x2 = 0x85EBCA77;
    private const ulong Prime32x3 = 0xC2B2AE3D;
    private const ulong Prime64x1 = 0x9E3779B185EBCA87;
    private const ulong Prime64x2 = 0xC2B2AE3D27D4EB4F;
    private const ulong Prime64x3 = 0x165667B19E3779F9;
    private const ulong Prime64x4 = 0x85EBCA77C2B2AE63;
    private const ulong Prime64x5 = 0x27D4EB2F165667C5;
    private const ulong PrimeMix1 = 0x165667919E3779F9;
    private const ulong PrimeMix2 = 0x9FB21C651E98DF25;

    private const int Stripe = 64;
    private const int StripesOfBlock = 16;
    private const int Block = Stripe * StripesOfBlock;

    private static ReadOnlySpan<byte> Secret =>
    [
        0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
        0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
        0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
        0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
        0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
        0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
        0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
        0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
    ];

    /// <summary>The hash of some bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static UInt128 Hash(ReadOnlySpan<byte> input) => input.Length switch
    {
        > 240 => HashLong(input),
        > 128 => HashMiddle(input),
        > 16 => HashShort(input),
        > 8 => Hash9To16(input),
        >= 4 => Hash4To8(input),
        > 0 => Hash1To3(input),
        _ => new UInt128(AvalancheOf64(SecretAt(80) ^ SecretAt(88)), AvalancheOf64(SecretAt(64) ^ SecretAt(72))),
    };

    private static UInt128 Hash1To3(ReadOnlySpan<byte> input)
    {
        var length = (uint)input.Length;
        var combined = input[^1] | (length << 8) | ((uint)input[0] << 16) | ((uint)input[(int)(length >> 1)] << 24);
        var low = (uint)SecretAt(0) ^ (uint)(SecretAt(0) >> 32);
        var high = (uint)SecretAt(8) ^ (uint)(SecretAt(8) >> 32);
        return new UInt128(
            AvalancheOf64(high ^ uint.RotateLeft(BinaryPrimitives.ReverseEndianness(combined), 13)),
            AvalancheOf64(low ^ combined));
    }

    private static UInt128 Hash4To8(ReadOnlySpan<byte> input)
    {
        var first = BinaryPrimitives.ReadUInt32LittleEndian(input);
        var last = BinaryPrimitives.ReadUInt32LittleEndian(input[^4..]);
        var value = (SecretAt(16) ^ SecretAt(24)) ^ (first | ((ulong)last << 32));
        var high = Math.BigMul(value, Prime64x1 + ((ulong)input.Length << 2), out var low);
        high += low << 1;
        low ^= high >> 3;
        low = (low ^ (low >> 35)) * PrimeMix2;
        return new UInt128(Avalanche(high), low ^ (low >> 28));
    }

    private static UInt128 Hash9To16(ReadOnlySpan<byte> input)
    {
        var first = BinaryPrimitives.ReadUInt64LittleEndian(input);
        var last = BinaryPrimitives.ReadUInt64LittleEndian(input[^8..]);
        var right = SecretAt(48) ^ SecretAt(56) ^ last;
        var high = Math.BigMul(SecretAt(32) ^ SecretAt(40) ^ first ^ last, Prime64x1, out var low);
        low += (ulong)(input.Length - 1) << 54;
        high += right + ((uint)right * (Prime32x2 - 1));
        low ^= BinaryPrimitives.ReverseEndianness(high);
        var carried = Math.BigMul(low, Prime64x2, out low);
        return new UInt128(Avalanche(carried + (high * Prime64x2)), Avalanche(low));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 HashShort(ReadOnlySpan<byte> input)
    {
        ref var bytes = ref MemoryMarshal.GetReference(input);
        var (low, high) = ((ulong)input.Length * Prime64x1, 0UL);
        for (var i = (input.Length - 1) >> 5; i >= 0; i--)
        {
            MixTwo(ref low, ref high, ref bytes, 16 * i, input.Length - (16 * i) - 16, 32 * i);
        }

        return Finish(low, high, input.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 HashMiddle(ReadOnlySpan<byte> input)
    {
        ref var bytes = ref MemoryMarshal.GetReference(input);
        var (low, high) = ((ulong)input.Length * Prime64x1, 0UL);
        MixTwo(ref low, ref high, ref bytes, 0, 16, 0);
        MixTwo(ref low, ref high, ref bytes, 32, 48, 32);
        MixTwo(ref low, ref high, ref bytes, 64, 80, 64);
        MixTwo(ref low, ref high, ref bytes, 96, 112, 96);
        (low, high) = (Avalanche(low), Avalanche(high));
        for (var i = 128; i <= input.Length - 32; i += 32)
        {
            MixTwo(ref low, ref high, ref bytes, i, i + 16, i - 128 + 3);
        }

        MixTwo(ref low, ref high, ref bytes, input.Length - 16, input.Length - 32, 103);
        return Finish(low, high, input.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static UInt128 Finish(ulong low, ulong high, int length) => new(
        0 - Avalanche((low * Prime64x1) + (high * Prime64x4) + ((ulong)length * Prime64x2)), Avalanche(low + high));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static UInt128 HashLong(ReadOnlySpan<byte> input)
    {
        ref var bytes = ref MemoryMarshal.GetReference(input);
        var first = Vector256.Create(Prime32x3, Prime64x1, Prime64x2, Prime64x3);
        var second = Vector256.Create(Prime64x4, Prime32x2, Prime64x5, Prime32x1);
        var place = 0;
        for (; input.Length - place > Block; place += Block)
        {
            for (var i = 0; i < StripesOfBlock; i++)
            {
                Accumulate(ref first, ref second, ref bytes, place + (Stripe * i), 8 * i);
            }

            first = Scramble(first, Secret.Length - Stripe);
            second = Scramble(second, Secret.Length - (Stripe / 2));
        }

        for (var secret = 0; input.Length - place > Stripe; place += Stripe, secret += 8)
        {
            Accumulate(ref first, ref second, ref bytes, place, secret);
        }

        Accumulate(ref first, ref second, ref bytes, input.Length - Stripe, Secret.Length - Stripe - 7);
        return new UInt128(
            Merge(first, second, ~((ulong)input.Length * Prime64x2), Secret.Length - Stripe - 11), Merge(first, second, (ulong)input.Length * Prime64x1, 11));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Accumulate(ref Vector256<ulong> first, ref Vector256<ulong> second, ref byte input, int stripe, int secret)
    {
        first += Accumulation(WordsAt(ref input, stripe), secret);
        second += Accumulation(WordsAt(ref input, stripe + (Stripe / 2)), secret + (Stripe / 2));
    }

    /// <summary>To each lane the product of its keyed word's halves, and its neighbour's word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Accumulation(Vector256<ulong> words, int secret)
    {
        var keyed = words ^ WordsAt(ref MemoryMarshal.GetReference(Secret), secret);
        return Vector256.Shuffle(words, Vector256.Create(1UL, 0, 3, 2)) + ((keyed & Vector256.Create((ulong)uint.MaxValue)) * (keyed >>> 32));
    }

    private static Vector256<ulong> Scramble(Vector256<ulong> lanes, int secret) =>
        (lanes ^ (lanes >>> 47) ^ WordsAt(ref MemoryMarshal.GetReference(Secret), secret)) * Vector256.Create(Prime32x1);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ulong Merge(Vector256<ulong> first, Vector256<ulong> second, ulong start, int secret) => Avalanche(
        start + Fold(first[0] ^ SecretAt(secret), first[1] ^ SecretAt(secret + 8)) + Fold(first[2] ^ SecretAt(secret + 16), first[3] ^ SecretAt(secret + 24))
        + Fold(second[0] ^ SecretAt(secret + 32), second[1] ^ SecretAt(secret + 40)) + Fold(second[2] ^ SecretAt(secret + 48), second[3] ^ SecretAt(secret + 56)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MixTwo(ref ulong low, ref ulong high, ref byte input, int one, int two, int secret)
    {
        var (a, b, c, d) = (WordAt(ref input, one), WordAt(ref input, one + 8), WordAt(ref input, two), WordAt(ref input, two + 8));
        low = (low + Fold(a ^ SecretAt(secret), b ^ SecretAt(secret + 8))) ^ (c + d);
        high = (high + Fold(c ^ SecretAt(secret + 16), d ^ SecretAt(secret + 24))) ^ (a + b);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong left, ulong right)
    {
        var high = Math.BigMul(left, right, out var low);
        return high ^ low;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong SecretAt(int position) => WordAt(ref MemoryMarshal.GetReference(Secret), position);

    // References instead of spans: every row is hashed, the lengths are known here, and bounds checks cost as much as the mixing.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong WordAt(ref byte bytes, int position) => Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref bytes, position));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> WordsAt(ref byte bytes, int position) => Unsafe.ReadUnaligned<Vector256<ulong>>(ref Unsafe.Add(ref bytes, position));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Avalanche(ulong value)
    {
        value = (value ^ (value >> 37)) * PrimeMix1;
        return value ^ (value >> 32);
    }

    private static ulong AvalancheOf64(ulong value)
    {
        value = (value ^ (value >> 33)) * Prime64x2;
        value = (value ^ (value >> 29)) * Prime64x3;
        return value ^ (value >> 32);
    }
}
