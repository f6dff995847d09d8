using System.Globalization;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Values;

/// <summary>Values as text for people: what stands in the path of a partition. Null is <c>null</c>.</summary>
public static class ValueText
{
    /// <summary>The text of a value: dates and times in ISO 8601, bytes in base64, decimals with every digit of their scale.</summary>
    /// <param name="type">The type of the value, which knows the scale of a decimal.</param>
    /// <param name="value">The value.</param>
    public static string ForPeople(PrimitiveType type, IcebergValue value)
    {
        ArgumentNullException.ThrowIfNull(type);
        return value.Type switch
        {
            TypeId.None => "null",
            TypeId.Boolean => value.AsBoolean() ? "true" : "false",
            TypeId.Decimal => Decimal(value.AsUnscaled(), type.Scale),
            TypeId.Date => CalendarText.Date(value.AsInt()),
            TypeId.Time => CalendarText.Time(value.AsLong(), everyDigit: false),
            TypeId.Timestamp => CalendarText.Timestamp(value.AsLong(), everyDigit: false),
            TypeId.Timestamptz => CalendarText.Timestamp(value.AsLong(), everyDigit: false) + "+00:00",
            TypeId.TimestampNs => CalendarText.TimestampNs(value.AsLong(), everyDigit: false),
            TypeId.TimestamptzNs => CalendarText.TimestampNs(value.AsLong(), everyDigit: false) + "+00:00",
            TypeId.Fixed or TypeId.Binary => Convert.ToBase64String(value.AsBytes()),
            _ => value.ToString(),
        };
    }

    /// <summary>A decimal with all digits of its scale.</summary>
    internal static string Decimal(Int128 unscaled, int scale)
    {
        var digits = (unscaled < 0 ? (UInt128)(-unscaled) : (UInt128)unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return $"{(unscaled < 0 ? "-" : "")}{digits[..^scale]}{(scale > 0 ? "." : "")}{digits[^scale..]}";
    }

    /// <summary>Reads a decimal that has exactly the digits of its scale, and no more than 38 in all.</summary>
    internal static bool TryParseDecimal(string text, int scale, out Int128 unscaled)
    {
        unscaled = 0;
        var point = text.IndexOf('.', StringComparison.Ordinal);
        if ((point < 0 ? 0 : text.Length - point - 1) != scale || text.EndsWith('.')) return false;
        var digits = point < 0 ? text : text.Remove(point, 1);
        return digits.Length <= 39 && Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out unscaled);
    }
}
