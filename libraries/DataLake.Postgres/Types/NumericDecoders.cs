using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>
/// numeric's binary form: number of base-10000 digits, weight of the first, sign, display scale (16 bits each), then the digits
/// (numeric_send in src/backend/utils/adt/numeric.c).
/// </summary>
internal static class NumericForm
{
    private const ushort Negative = 0x4000;
    private const ushort NotANumber = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;

    /// <summary>The value times 10 to the power of <paramref name="scale"/>.</summary>
    /// <exception cref="ColumnValueException">It is not finite, has more digits after the point than the scale keeps, or more digits than fit.</exception>
    internal static Int128 ReadUnscaled(ReadOnlySpan<byte> value, int scale)
    {
        if (value.Length < 8)
        {
            throw new ColumnValueException("is a numeric that is cut off", isDamage: true);
        }

        var digits = BinaryPrimitives.ReadUInt16BigEndian(value);
        int weight = BinaryPrimitives.ReadInt16BigEndian(value[2..]);
        var sign = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        if (sign is NotANumber or PositiveInfinity or NegativeInfinity)
        {
            throw new ColumnValueException($"holds {(sign == NotANumber ? "NaN" : "infinity")}, which a decimal cannot hold");
        }

        if (value.Length != 8 + (2 * digits) || sign is not (0 or Negative))
        {
            throw new ColumnValueException("is a numeric that is damaged", isDamage: true);
        }

        Int128 unscaled = 0;
        // The power of ten of the digit group's last digit, once the value is multiplied by 10^scale.
        var power = (4 * weight) + scale;
        for (var i = 0; i < digits; i++, power -= 4)
        {
            int group = BinaryPrimitives.ReadUInt16BigEndian(value[(8 + (2 * i))..]);
            if (power >= 0)
            {
                unscaled = MultiplyAdd(unscaled, 10_000, group);
                continue;
            }

            // The group straddles the scale: digits beyond it must be zero.
            var divisor = power switch { -1 => 10, -2 => 100, -3 => 1_000, _ => 10_000 };
            if (group % divisor != 0)
            {
                throw new ColumnValueException($"has more than {scale} digits after the point");
            }

            unscaled = MultiplyAdd(unscaled, 10_000 / divisor, group / divisor);
        }

        // Groups that are not sent are zeros; `power` is now that of the next group.
        for (var zeros = digits == 0 ? 0 : power + 4; zeros > 0; zeros--)
        {
            unscaled = MultiplyAdd(unscaled, 10, 0);
        }

        return sign == Negative ? -unscaled : unscaled;
    }

    private static Int128 MultiplyAdd(Int128 value, int factor, int addend)
    {
        try
        {
            return checked((value * factor) + addend);
        }
        catch (OverflowException)
        {
            throw new ColumnValueException("has more digits than a decimal of 38 digits holds");
        }
    }
}

/// <summary>numeric(p,s) of up to 9 digits as a 32-bit decimal.</summary>
internal sealed class NumericInt32Decoder(Int32ColumnBuffer column, int scale) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        var unscaled = NumericForm.ReadUnscaled(value, scale);
        column.Append(unscaled >= int.MinValue && unscaled <= int.MaxValue
            ? (int)unscaled
            : throw new ColumnValueException("has more digits than its type declares"));
    }
}

/// <summary>numeric(p,s) of up to 18 digits as a 64-bit decimal.</summary>
internal sealed class NumericInt64Decoder(Int64ColumnBuffer column, int scale) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        var unscaled = NumericForm.ReadUnscaled(value, scale);
        column.Append(unscaled >= long.MinValue && unscaled <= long.MaxValue
            ? (long)unscaled
            : throw new ColumnValueException("has more digits than its type declares"));
    }
}

/// <summary>numeric(p,s) of up to 38 digits as a decimal in the fewest bytes that hold p digits, big-endian two's complement.</summary>
internal sealed class NumericFixedDecoder(FixedLengthByteArrayColumnBuffer column, int length, int scale) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = stackalloc byte[16];
        var unscaled = NumericForm.ReadUnscaled(value, scale);
        BinaryPrimitives.WriteInt128BigEndian(bytes, unscaled);
        var kept = bytes[(16 - length)..];
        var dropped = bytes[..(16 - length)];
        var fill = unscaled < 0 ? (byte)0xFF : (byte)0;
        if (dropped.IndexOfAnyExcept(fill) >= 0 || (kept[0] & 0x80) != (fill & 0x80))
        {
            throw new ColumnValueException("has more digits than its type declares");
        }

        column.Append(kept);
    }
}
