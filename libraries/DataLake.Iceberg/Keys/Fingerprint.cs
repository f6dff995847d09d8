using System.Runtime.CompilerServices;
using DataLake.Parquet.Hashing;

namespace DataLake.Iceberg.Keys;

/// <summary>
/// 128 bits that stand for a key. A single number stands for itself, mixed so that its low half spreads; anything else is XXH3 of its bytes. Two different keys share their bits with
/// odds of about n²/2¹²⁹ among n keys: for a billion keys 1.5 in 10²¹, far below those of a memory error that nobody sees. So equal bits are taken for equal keys.
/// What is equal by value has equal bits in whatever width a file holds it.
/// </summary>
internal static class Fingerprint
{
    /// <summary>No value. No number has these bits, for the low half of a number with a high half of zero is zero.</summary>
    public static UInt128 Null => new(0, ulong.MaxValue);

    /// <summary>A number of up to 64 bits, a boolean, a date, a time or a timestamp.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static UInt128 Of(long value)
    {
        // The finaliser of MurmurHash3, which maps no two numbers to one.
        var mixed = (ulong)value;
        mixed = (mixed ^ (mixed >> 33)) * 0xFF51AFD7ED558CCD;
        mixed = (mixed ^ (mixed >> 33)) * 0xC4CEB9FE1A85EC53;
        return new UInt128((ulong)value, mixed ^ (mixed >> 33));
    }

    /// <summary>The number that a fingerprint other than <see cref="Null"/> stands for, in a column of such numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long NumberOf(UInt128 fingerprint) => (long)(ulong)(fingerprint >> 64);

    /// <summary>An unscaled decimal.</summary>
    public static UInt128 Of(Int128 value)
    {
        if ((long)value == value) return Of((long)value);
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt128LittleEndian(bytes, value);
        return XxHash128.Hash(bytes);
    }

    /// <summary>A float or double. NaNs are one value, -0.0 and 0.0 are two.</summary>
    public static UInt128 Of(double value) => Of(BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? double.NaN : value));

    /// <summary>Text, bytes or a UUID.</summary>
    public static UInt128 Of(ReadOnlySpan<byte> value) => XxHash128.Hash(value);

    /// <summary>A key of several columns, from those before and the next one.</summary>
    public static UInt128 Combine(UInt128 before, UInt128 next)
    {
        ReadOnlySpan<UInt128> pair = [before, next];
        return XxHash128.Hash(System.Runtime.InteropServices.MemoryMarshal.AsBytes(pair));
    }
}
