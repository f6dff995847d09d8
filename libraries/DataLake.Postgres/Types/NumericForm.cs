using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;

namespace DataLake.Postgres.Types;

/// <summary>
/// numeric's binary form: number of base-10000 digits, weight of the first, sign, display scale (16 bits each), then the digits
/// (numeric_send in src/backend/utils/adt/numeric.c). Groups of zeros at either end are not sent, nor any for zero itself.
/// </summary>
/// <param name="precision">The digits that the column's type allows, up to 38.</param>
/// <param name="scale">How many of them are after the point.</param>
internal sealed class NumericForm(int precision, int scale)
{
    private const ushort Negative = 0x4000;
    private const ushort NotANumber = 0xC000;
    private const ushort PositiveInfinity = 0xD000;
    private const ushort NegativeInfinity = 0xF000;
    private const int HeaderLength = 8;

    // 39 digits and up to 3 of padding, in one group each four.
    private const int GroupsOfInt128 = 11;

    // Groups whose digits always fit a long, with room for the two digits of a small power of ten.
    private const int GroupsOfLong = 4;
    private const int PowerOfLong = 2;

    /// <summary>The most bytes that a decimal of 64 bits takes: 19 digits and up to 3 of padding.</summary>
    internal const int MostBytesOfLong = HeaderLength + (2 * 6);

    /// <summary>The most bytes that a decimal takes.</summary>
    internal const int MostBytesOfInt128 = HeaderLength + (2 * GroupsOfInt128);

    private readonly long limitOfLong = PowerOfTen(Math.Min(precision, 18));

    // What the digits after the point lack to fill their last group, and how many groups they are then.
    private readonly ulong padding = (scale & 3) switch { 1 => 1_000, 2 => 100, 3 => 10, _ => 1 };
    private readonly int fraction = (scale + 3) / 4;
    private readonly ulong endOfFourGroups = (scale & 3) switch { 1 => 10_000_000_000_000, 2 => 100_000_000_000_000, 3 => 1_000_000_000_000_000, _ => 10_000_000_000_000_000 };

    /// <summary>Whether a value is NaN or an infinity.</summary>
    internal static bool IsNotFinite(ReadOnlySpan<byte> value) =>
        value.Length >= HeaderLength && BinaryPrimitives.ReadUInt16BigEndian(value[4..]) is NotANumber or PositiveInfinity or NegativeInfinity;

    /// <summary>Forgets how many digits are shown after the point.</summary>
    internal static void ClearDisplayScale(Span<byte> value) => value.Slice(6, 2).Clear();

    /// <summary>As <see cref="ReadUnscaled"/>, for a precision of at most 18 digits.</summary>
    /// <exception cref="ColumnValueException">As there.</exception>
    internal long ReadLong(ReadOnlySpan<byte> value) => TryReadUsual(value, out var unscaled) ? unscaled : (long)ReadUnscaled(value);

    /// <summary>Reads what most numbers are: up to four groups that end at the scale or right behind it. All else, and all that is wrong, is for <see cref="ReadUnscaled"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryReadUsual(ReadOnlySpan<byte> value, out long unscaled)
    {
        unscaled = 0;
        if (value.Length is < HeaderLength or > HeaderLength + (2 * GroupsOfLong))
        {
            return false;
        }

        var header = BinaryPrimitives.ReadUInt64BigEndian(value);
        var groups = (int)(header >> 48);
        if (groups == 0)
        {
            return value.Length == HeaderLength && (header >> 16) == 0;
        }

        var isNegative = (ushort)(header >> 16) == Negative;
        var last = scale - (4 * (groups - 1 - (short)(header >> 32)));
        if (value.Length != HeaderLength + (2 * groups) || (!isNegative && (ushort)(header >> 16) != 0) || last is > PowerOfLong or <= -4)
        {
            return false;
        }

        var digits = value[HeaderLength..];
        uint first = BinaryPrimitives.ReadUInt16BigEndian(digits);
        uint group = first;
        var largest = first;
        var above = 0L;
        for (var i = 2; i < digits.Length; i += 2)
        {
            above = (above * 10_000) + group;
            group = BinaryPrimitives.ReadUInt16BigEndian(digits[i..]);
            largest = Math.Max(largest, group);
        }

        var divisor = last < 0 ? (uint)Divisor(last) : 1;
        var (lowest, tooFine) = Math.DivRem(group, divisor);
        var magnitude = ((above * (10_000 / divisor)) + lowest) * (last == 2 ? 100 : last == 1 ? 10 : 1);
        unscaled = isNegative ? -magnitude : magnitude;
        return largest < 10_000 && first != 0 && group != 0 && tooFine == 0 && magnitude < limitOfLong;
    }

    /// <summary>The value times 10 to the power of the scale, of at most as many digits as the precision.</summary>
    /// <exception cref="ColumnValueException">It is not finite, has more digits than the type declares, or is not of this form.</exception>
    internal Int128 ReadUnscaled(ReadOnlySpan<byte> value)
    {
        if (value.Length < HeaderLength)
        {
            throw Damaged();
        }

        var groups = BinaryPrimitives.ReadUInt16BigEndian(value);
        int weight = BinaryPrimitives.ReadInt16BigEndian(value[2..]);
        var sign = BinaryPrimitives.ReadUInt16BigEndian(value[4..]);
        if (sign is NotANumber or PositiveInfinity or NegativeInfinity)
        {
            throw new ColumnValueException($"holds {(sign == NotANumber ? "NaN" : "infinity")}, which a decimal cannot hold");
        }

        if (value.Length != HeaderLength + (2 * groups) || sign is not (0 or Negative))
        {
            throw Damaged();
        }

        var digits = value[HeaderLength..];
        if (groups == 0 ? weight != 0 || sign != 0 : Group(digits) == 0 || Group(digits[^2..]) == 0)
        {
            throw Damaged();
        }

        // The power of ten of the last digit of the first group, once the value is multiplied by 10^scale.
        var power = (4 * weight) + scale;
        var last = power - (4 * (groups - 1));
        var unscaled = groups <= GroupsOfLong && last is <= PowerOfLong and > -4 ? ReadLong(digits, last) : ReadInt128(digits, power);
        if (unscaled >= Powers.OfTen[precision])
        {
            throw TooLong();
        }

        return sign == Negative ? -unscaled : unscaled;
    }

    /// <summary>Writes a decimal in numeric's form with a display scale of 0, and returns how many bytes it took.</summary>
    /// <param name="unscaled">The value times 10 to the power of the scale.</param>
    /// <param name="target">At least <see cref="MostBytesOfLong"/>; those behind the value may be overwritten.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal int Write(long unscaled, Span<byte> target)
    {
        var magnitude = unscaled < 0 ? unchecked(0 - (ulong)unscaled) : (ulong)unscaled;
        if (magnitude >= endOfFourGroups)
        {
            return Write((Int128)unscaled, target);
        }

        // Aligned so that the point is between two groups, which are gathered in 16 bits each, the lowest group lowest.
        magnitude *= padding;
        var groups = magnitude < 100_000_000 ? TwoGroups((uint)magnitude) : FourGroups(magnitude);
        var first = (63 - BitOperations.LeadingZeroCount(groups)) >> 4;
        var count = groups == 0 ? 0 : first - (BitOperations.TrailingZeroCount(groups) >> 4) + 1;
        var weight = groups == 0 ? 0 : first - fraction;
        BinaryPrimitives.WriteUInt64BigEndian(target, ((ulong)count << 48) | ((ulong)(ushort)weight << 32) | (unscaled < 0 ? (ulong)Negative << 16 : 0));
        BinaryPrimitives.WriteUInt64BigEndian(target[HeaderLength..], groups << (16 * (3 - first)));
        return HeaderLength + (2 * count);
    }

    /// <inheritdoc cref="Write(long, Span{byte})"/>
    /// <param name="unscaled">The value times 10 to the power of the scale.</param>
    /// <param name="target">At least <see cref="MostBytesOfInt128"/>, or <see cref="MostBytesOfLong"/> for a value of 64 bits.</param>
    internal int Write(Int128 unscaled, Span<byte> target)
    {
        Span<ushort> groups = stackalloc ushort[GroupsOfInt128];
        var magnitude = unscaled < 0 ? (UInt128)(-unscaled) : (UInt128)unscaled;
        var end = 0;
        if (padding > 1)
        {
            // The lowest group takes fewer digits, instead of a product that might not fit.
            (magnitude, var lowest) = UInt128.DivRem(magnitude, 10_000 / padding);
            groups[end++] = (ushort)((ulong)lowest * padding);
        }

        for (; magnitude != 0; end++)
        {
            (magnitude, var group) = UInt128.DivRem(magnitude, 10_000);
            groups[end] = (ushort)group;
        }

        var used = groups[..end].TrimEnd((ushort)0);
        var weight = used.Length == 0 ? 0 : used.Length - 1 - fraction;
        used = used.TrimStart((ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(target, (ushort)used.Length);
        BinaryPrimitives.WriteInt16BigEndian(target[2..], (short)weight);
        BinaryPrimitives.WriteUInt16BigEndian(target[4..], unscaled < 0 ? Negative : (ushort)0);
        BinaryPrimitives.WriteUInt16BigEndian(target[6..], 0);
        for (var i = 0; i < used.Length; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(target[(HeaderLength + (2 * i))..], used[^(i + 1)]);
        }

        return HeaderLength + (2 * used.Length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong TwoGroups(uint below) => ((ulong)(below / 10_000) << 16) | (below % 10_000);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FourGroups(ulong below)
    {
        var (high, low) = Math.DivRem(below, 100_000_000);
        return (TwoGroups((uint)high) << 32) | TwoGroups((uint)low);
    }

    private long ReadLong(ReadOnlySpan<byte> digits, int last)
    {
        var unscaled = 0L;
        for (; digits.Length > 0; digits = digits[2..])
        {
            unscaled = (unscaled * 10_000) + Group(digits);
        }

        if (last >= 0)
        {
            return unscaled * (last == 0 ? 1 : last == 1 ? 10 : 100);
        }

        var (quotient, remainder) = Math.DivRem(unscaled, Divisor(last));
        return remainder == 0 ? quotient : throw TooFine();
    }

    private Int128 ReadInt128(ReadOnlySpan<byte> digits, int power)
    {
        Int128 unscaled = 0;
        try
        {
            for (; digits.Length > 0; digits = digits[2..], power -= 4)
            {
                var group = Group(digits);
                if (power >= 0)
                {
                    unscaled = checked((unscaled * 10_000) + group);
                    continue;
                }

                // The group straddles the scale, or lies behind it: what is beyond must be zero.
                var divisor = Divisor(power);
                var (quotient, remainder) = Math.DivRem(group, divisor);
                unscaled = checked((unscaled * (10_000 / divisor)) + quotient);
                if (remainder != 0)
                {
                    throw TooFine();
                }
            }

            // Groups that are not sent are zeros; `power` is that of the next group.
            var zeros = power + 4;
            return zeros <= 0 || unscaled == 0 ? unscaled
                : zeros < Powers.OfTen.Length ? checked(unscaled * Powers.OfTen[zeros]) : throw TooLong();
        }
        catch (OverflowException)
        {
            throw TooLong();
        }
    }

    private static int Group(ReadOnlySpan<byte> digits)
    {
        int group = BinaryPrimitives.ReadUInt16BigEndian(digits);
        return group < 10_000 ? group : throw Damaged();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Divisor(int power) => power switch { -1 => 10, -2 => 100, -3 => 1_000, _ => 10_000 };

    private static ColumnValueException Damaged() => new("is a numeric that is damaged", isDamage: true);

    private static ColumnValueException TooLong() => new("has more digits than its type declares");

    private static long PowerOfTen(int power)
    {
        var product = 1L;
        for (; power > 0; power--)
        {
            product *= 10;
        }

        return product;
    }

    private ColumnValueException TooFine() => new($"has more than {scale} digits after the point");

    /// <summary>Made for the first number that needs them.</summary>
    private static class Powers
    {
        /// <summary>10^0 to 10^38.</summary>
        public static readonly Int128[] OfTen = Make();

        private static Int128[] Make()
        {
            var powers = new Int128[39];
            powers[0] = 1;
            for (var i = 1; i < powers.Length; i++)
            {
                powers[i] = powers[i - 1] * 10;
            }

            return powers;
        }
    }
}
