using System.Buffers.Binary;

namespace DataLake.Iceberg.Values;

/// <summary>Unscaled decimals as two's complement, big-endian.</summary>
internal static class DecimalBytes
{
    public const int MaxLength = 16;

    /// <summary>Writes the fewest bytes that hold the value, and returns how many.</summary>
    public static int WriteShortest(Int128 unscaled, Span<byte> destination)
    {
        Span<byte> all = stackalloc byte[MaxLength];
        BinaryPrimitives.WriteInt128BigEndian(all, unscaled);
        var sign = (byte)(unscaled < 0 ? 0xFF : 0);
        var start = 0;
        while (start < MaxLength - 1 && all[start] == sign && (all[start + 1] & 0x80) == (sign & 0x80)) start++;
        all[start..].CopyTo(destination);
        return MaxLength - start;
    }

    /// <summary>Fills the destination, repeating the sign in front.</summary>
    public static void WriteFixed(Int128 unscaled, Span<byte> destination)
    {
        Span<byte> all = stackalloc byte[MaxLength];
        BinaryPrimitives.WriteInt128BigEndian(all, unscaled);
        all[(MaxLength - destination.Length)..].CopyTo(destination);
    }

    /// <summary>Reads one or more bytes; longer than sixteen only when those in front repeat the sign.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out Int128 unscaled)
    {
        unscaled = 0;
        if (bytes.IsEmpty) return false;
        var sign = (byte)((sbyte)bytes[0] < 0 ? 0xFF : 0);
        while (bytes.Length > MaxLength)
        {
            if (bytes[0] != sign) return false;
            bytes = bytes[1..];
            if (((bytes[0] ^ sign) & 0x80) != 0) return false;
        }

        Span<byte> all = stackalloc byte[MaxLength];
        all.Fill(sign);
        bytes.CopyTo(all[(MaxLength - bytes.Length)..]);
        unscaled = BinaryPrimitives.ReadInt128BigEndian(all);
        return true;
    }
}
