using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Values;

/// <summary>Primitive values as JSON (<see href="https://iceberg.apache.org/spec/#json-single-value-serialization">Appendix D, JSON single-value serialization</see>).</summary>
public static class SingleValueJson
{
    /// <summary>The JSON text of a value.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a float or double that JSON has no number for.</exception>
    public static byte[] ToUtf8(PrimitiveType type, IcebergValue value)
    {
        ArgumentNullException.ThrowIfNull(type);
        return JsonText.Write(writer => Write(writer, type, value));
    }

    /// <summary>Reads the JSON text of a value.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: it does not go with the type.</exception>
    public static IcebergValue Parse(PrimitiveType type, ReadOnlyMemory<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(type);
        return JsonText.Read(utf8, "single value", element => Read(type, element)
            ?? throw IcebergException.Corrupt($"{element.GetRawText()} is no JSON form of a {type} value; correct it."));
    }

    private static void Write(Utf8JsonWriter writer, PrimitiveType type, IcebergValue value)
    {
        switch (value.Type)
        {
            case TypeId.None: writer.WriteNullValue(); break;
            case TypeId.Boolean: writer.WriteBooleanValue(value.AsBoolean()); break;
            case TypeId.Int or TypeId.Long: writer.WriteNumberValue(value.AsLong()); break;
            case TypeId.Float: writer.WriteNumberValue(float.IsFinite(value.AsFloat()) ? value.AsFloat() : throw NoNumber(value)); break;
            case TypeId.Double: writer.WriteNumberValue(double.IsFinite(value.AsDouble()) ? value.AsDouble() : throw NoNumber(value)); break;
            case TypeId.Time: writer.WriteStringValue(CalendarText.Time(value.AsLong(), everyDigit: true)); break;
            case TypeId.Timestamp: writer.WriteStringValue(CalendarText.Timestamp(value.AsLong(), everyDigit: true)); break;
            case TypeId.Timestamptz: writer.WriteStringValue(CalendarText.Timestamp(value.AsLong(), everyDigit: true) + "+00:00"); break;
            case TypeId.TimestampNs: writer.WriteStringValue(CalendarText.TimestampNs(value.AsLong(), everyDigit: true)); break;
            case TypeId.TimestamptzNs: writer.WriteStringValue(CalendarText.TimestampNs(value.AsLong(), everyDigit: true) + "+00:00"); break;
            case TypeId.Fixed or TypeId.Binary: writer.WriteStringValue(Convert.ToHexStringLower(value.AsBytes())); break;
            default: writer.WriteStringValue(ValueText.ForPeople(type, value)); break;
        }
    }

    private static IcebergValue? Read(PrimitiveType type, JsonElement json)
    {
        switch (type.Id, json.ValueKind)
        {
            case (_, JsonValueKind.Null): return IcebergValue.Null;
            case (TypeId.Boolean, JsonValueKind.True): return IcebergValue.Boolean(true);
            case (TypeId.Boolean, JsonValueKind.False): return IcebergValue.Boolean(false);
            case (TypeId.Int, JsonValueKind.Number) when json.TryGetInt32(out var number): return IcebergValue.Int(number);
            case (TypeId.Long, JsonValueKind.Number) when json.TryGetInt64(out var number): return IcebergValue.Long(number);
            case (TypeId.Float, JsonValueKind.Number) when json.TryGetSingle(out var number) && float.IsFinite(number): return IcebergValue.Float(number);
            case (TypeId.Double, JsonValueKind.Number) when json.TryGetDouble(out var number) && double.IsFinite(number): return IcebergValue.Double(number);
            case (_, JsonValueKind.String): return ReadText(type, json.GetString()!);
            default: return null;
        }
    }

    private static IcebergValue? ReadText(PrimitiveType type, string text)
    {
        const string zone = "+00:00";
        return type.Id switch
        {
            TypeId.String => IcebergValue.String(text),
            TypeId.Date when CalendarText.TryParseDate(text, out var days) && days is >= int.MinValue and <= int.MaxValue => IcebergValue.Date((int)days),
            TypeId.Time when CalendarText.TryParseTime(text, out var time) => IcebergValue.Time(time),
            TypeId.Timestamp when CalendarText.TryParseTimestamp(text, out var timestamp) => IcebergValue.Timestamp(timestamp),
            TypeId.Timestamptz when text.EndsWith(zone, StringComparison.Ordinal) && CalendarText.TryParseTimestamp(text.AsSpan()[..^zone.Length], out var instant) =>
                IcebergValue.Timestamptz(instant),
            TypeId.TimestampNs when CalendarText.TryParseTimestampNs(text, out var timestamp) => IcebergValue.TimestampNs(timestamp),
            TypeId.TimestamptzNs when text.EndsWith(zone, StringComparison.Ordinal) && CalendarText.TryParseTimestampNs(text.AsSpan()[..^zone.Length], out var instant) =>
                IcebergValue.TimestamptzNs(instant),
            TypeId.Decimal when ValueText.TryParseDecimal(text, type.Scale, out var unscaled) => IcebergValue.Decimal(unscaled),
            TypeId.Uuid when Guid.TryParseExact(text, "D", out var uuid) => IcebergValue.Uuid(uuid),
            TypeId.Fixed when Hex(text) is { } bytes && bytes.Length == type.Length => IcebergValue.Fixed(bytes),
            TypeId.Binary when Hex(text) is { } bytes => IcebergValue.Binary(bytes),
            _ => null,
        };
    }

    private static byte[]? Hex(string text) => text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;

    private static IcebergException NoNumber(IcebergValue value) => IcebergException.Invalid($"JSON has no number for {value}; use null or a finite value.");
}
