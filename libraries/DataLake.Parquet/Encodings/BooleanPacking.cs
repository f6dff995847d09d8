using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DataLake.Parquet.Encodings;

/// <summary>PLAIN booleans: one bit each, least significant first.</summary>
internal static class BooleanPacking
{
    /// <param name="values">0 or 1 each.</param>
    /// <param name="packed">An eighth as many bytes, rounded up.</param>
    public static void Pack(ReadOnlySpan<byte> values, Span<byte> packed)
    {
        var eights = MemoryMarshal.Cast<byte, ulong>(values);

        // The multiplication moves the lowest bit of byte i to bit 56 + i; no two of its partial products meet.
        for (var i = 0; i < eights.Length; i++) packed[i] = (byte)((eights[i] * 0x0102040810204080UL) >> 56);
        var rest = values[(eights.Length * 8)..];
        if (rest.IsEmpty) return;
        packed[^1] = 0;
        for (var i = 0; i < rest.Length; i++) packed[^1] |= (byte)(rest[i] << i);
    }

    /// <param name="packed">At least an eighth as many bytes.</param>
    /// <param name="values">Become 0 or 1 each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Unpack(ReadOnlySpan<byte> packed, Span<byte> values)
    {
        var eights = MemoryMarshal.Cast<byte, ulong>(values);

        // Each byte of the product keeps the one bit that is its own, which the sum carries into its highest.
        for (var i = 0; i < eights.Length; i++)
            eights[i] = ((((packed[i] * 0x0101010101010101UL) & 0x8040201008040201UL) + 0x7F7F7F7F7F7F7F7FUL) >> 7) & 0x0101010101010101UL;
        for (var i = eights.Length * 8; i < values.Length; i++) values[i] = (byte)((packed[i >> 3] >> (i & 7)) & 1);
    }
}
