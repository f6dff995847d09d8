using System.Globalization;

namespace DataLake.Iceberg.Types;

/// <summary>A primitive type. Its text is its JSON form (<see href="https://iceberg.apache.org/spec/#schemas">Appendix C, Schemas</see>).</summary>
public sealed record PrimitiveType : IcebergType
{
    private const int MaxDecimalPrecision = 38;

    private PrimitiveType(TypeId id) => Id = id;

    /// <summary>Which type it is.</summary>
    public TypeId Id { get; }

    /// <summary>Digits of a decimal, 1 to 38; otherwise zero.</summary>
    public int Precision { get; private init; }

    /// <summary>Digits of a decimal after the point; otherwise zero.</summary>
    public int Scale { get; private init; }

    /// <summary>Bytes of a fixed; otherwise zero.</summary>
    public int Length { get; private init; }

    /// <summary>boolean.</summary>
    public static PrimitiveType Boolean { get; } = new(TypeId.Boolean);

    /// <summary>int.</summary>
    public static PrimitiveType Int { get; } = new(TypeId.Int);

    /// <summary>long.</summary>
    public static PrimitiveType Long { get; } = new(TypeId.Long);

    /// <summary>float.</summary>
    public static PrimitiveType Float { get; } = new(TypeId.Float);

    /// <summary>double.</summary>
    public static PrimitiveType Double { get; } = new(TypeId.Double);

    /// <summary>date.</summary>
    public static PrimitiveType Date { get; } = new(TypeId.Date);

    /// <summary>time.</summary>
    public static PrimitiveType Time { get; } = new(TypeId.Time);

    /// <summary>timestamp.</summary>
    public static PrimitiveType Timestamp { get; } = new(TypeId.Timestamp);

    /// <summary>timestamptz.</summary>
    public static PrimitiveType Timestamptz { get; } = new(TypeId.Timestamptz);

    /// <summary>string.</summary>
    public static PrimitiveType String { get; } = new(TypeId.String);

    /// <summary>uuid.</summary>
    public static PrimitiveType Uuid { get; } = new(TypeId.Uuid);

    /// <summary>binary.</summary>
    public static PrimitiveType Binary { get; } = new(TypeId.Binary);

    /// <summary>timestamp_ns, of version 3.</summary>
    public static PrimitiveType TimestampNs { get; } = new(TypeId.TimestampNs);

    /// <summary>timestamptz_ns, of version 3.</summary>
    public static PrimitiveType TimestamptzNs { get; } = new(TypeId.TimestamptzNs);

    // Below the properties, which are made in the order of the text.
    private static Dictionary<string, PrimitiveType> Plain { get; } =
        new PrimitiveType[] { Boolean, Int, Long, Float, Double, Date, Time, Timestamp, Timestamptz, String, Uuid, Binary, TimestampNs, TimestamptzNs }.ToDictionary(type => type.ToString());

    /// <summary>The bytes that hold any decimal of this precision in two's complement: the length of its Avro and Parquet fixed.</summary>
    public int DecimalBytes => BytesForPrecision(Precision);

    /// <summary>decimal(P,S).</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the precision is not 1 to 38, or the scale not 0 to 38.</exception>
    public static PrimitiveType Decimal(int precision, int scale) => precision is >= 1 and <= MaxDecimalPrecision && scale is >= 0 and <= MaxDecimalPrecision
        ? new(TypeId.Decimal) { Precision = precision, Scale = scale }
        : throw IcebergException.Invalid($"decimal({precision},{scale}) does not exist: the precision is 1 to 38 and the scale 0 to 38.");

    /// <summary>fixed[L].</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the length is negative.</exception>
    public static PrimitiveType Fixed(int length) => length >= 0
        ? new(TypeId.Fixed) { Length = length }
        : throw IcebergException.Invalid($"fixed[{length}] does not exist: a length is not negative.");

    /// <summary>Reads the JSON form of a type. White space around parameters is allowed, as the specification asks of readers.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: an <see cref="OpaqueType"/>. <see cref="IcebergErrorKind.Corrupt"/>: no type.</exception>
    public static PrimitiveType Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (Plain.TryGetValue(text, out var plain)) return plain;
        var end = text.AsSpan().IndexOfAny('(', '[');
        var name = (end < 0 ? text : text[..end]).Trim();
        if (name == "decimal" && Parameters(text, '(', ')', 2) is [var precision, var scale] && precision is >= 1 and <= MaxDecimalPrecision && scale <= MaxDecimalPrecision)
            return Decimal(precision, scale);
        if (name == "fixed" && Parameters(text, '[', ']', 1) is [var length]) return Fixed(length);
        if (end < 0 && Plain.TryGetValue(name, out plain)) return plain;
        throw OpaqueType.TryParse(text) is not null
            ? IcebergException.Unsupported($"Values of the type {text} are not read here; use a reader that does, or leave the column out.")
            : IcebergException.Corrupt($"The type '{text}' is not in the specification; restore the table metadata, or read it with a later release of this library.");
    }

    /// <inheritdoc/>
    public override string ToString() => Id switch
    {
        // With the space that early readers insist on; the specification gives both forms as examples.
        TypeId.Decimal => string.Create(CultureInfo.InvariantCulture, $"decimal({Precision}, {Scale})"),
        TypeId.Fixed => string.Create(CultureInfo.InvariantCulture, $"fixed[{Length}]"),
        TypeId.Boolean => "boolean",
        TypeId.Int => "int",
        TypeId.Long => "long",
        TypeId.Float => "float",
        TypeId.Double => "double",
        TypeId.Date => "date",
        TypeId.Time => "time",
        TypeId.Timestamp => "timestamp",
        TypeId.Timestamptz => "timestamptz",
        TypeId.String => "string",
        TypeId.Uuid => "uuid",
        TypeId.TimestampNs => "timestamp_ns",
        TypeId.TimestamptzNs => "timestamptz_ns",
        _ => "binary",
    };

    private static int BytesForPrecision(int precision)
    {
        // 10^p - 1 needs this many bits and one for the sign.
        var largest = Int128.One;
        for (var i = 0; i < precision; i++) largest *= 10;
        return (int)((Int128.Log2(largest - 1) + 2 + 7) / 8);
    }

    private static int[]? Parameters(string text, char open, char close, int count)
    {
        var trimmed = text.AsSpan().Trim();
        var start = trimmed.IndexOf(open);
        if (start < 0 || trimmed[^1] != close) return null;
        var parts = trimmed[(start + 1)..^1].ToString().Split(',');
        var numbers = new int[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            if (!int.TryParse(parts[i].Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i])) return null;
        return numbers.Length == count ? numbers : null;
    }
}
