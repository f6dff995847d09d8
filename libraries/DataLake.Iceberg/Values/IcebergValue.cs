using System.Buffers.Binary;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Values;

/// <summary>One value of a primitive type, or null, without boxing. NaNs are all the same value; -0.0 and 0.0 are two, as in the partition tuples of the specification.</summary>
public readonly struct IcebergValue : IEquatable<IcebergValue>
{
    private readonly Int128 number;
    private readonly object? content;

    private IcebergValue(TypeId type, Int128 number, object? content = null)
    {
        Type = type;
        this.number = number;
        this.content = content;
    }

    /// <summary>No value.</summary>
    public static IcebergValue Null => default;

    /// <summary>What kind of value it is; <see cref="TypeId.None"/> for null.</summary>
    public TypeId Type { get; }

    /// <summary>Whether it is null.</summary>
    public bool IsNull => Type == TypeId.None;

    /// <summary>Whether it is a float or a double that is not a number.</summary>
    public bool IsNaN => Type switch
    {
        TypeId.Float => float.IsNaN(AsFloat()),
        TypeId.Double => double.IsNaN(AsDouble()),
        _ => false,
    };

    /// <summary>A boolean.</summary>
    public static IcebergValue Boolean(bool value) => new(TypeId.Boolean, value ? 1 : 0);

    /// <summary>An int.</summary>
    public static IcebergValue Int(int value) => new(TypeId.Int, value);

    /// <summary>A long.</summary>
    public static IcebergValue Long(long value) => new(TypeId.Long, value);

    /// <summary>A float.</summary>
    public static IcebergValue Float(float value) => new(TypeId.Float, BitConverter.SingleToInt32Bits(float.IsNaN(value) ? float.NaN : value));

    /// <summary>A double.</summary>
    public static IcebergValue Double(double value) => new(TypeId.Double, BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? double.NaN : value));

    /// <summary>A decimal by its unscaled value; the scale is the type's.</summary>
    public static IcebergValue Decimal(Int128 unscaled) => new(TypeId.Decimal, unscaled);

    /// <summary>A date in days since 1970-01-01.</summary>
    public static IcebergValue Date(int days) => new(TypeId.Date, days);

    /// <summary>A time in microseconds since midnight.</summary>
    public static IcebergValue Time(long microseconds) => new(TypeId.Time, microseconds);

    /// <summary>A timestamp without a zone, in microseconds since 1970-01-01.</summary>
    public static IcebergValue Timestamp(long microseconds) => new(TypeId.Timestamp, microseconds);

    /// <summary>A point in time, in microseconds since 1970-01-01 UTC.</summary>
    public static IcebergValue Timestamptz(long microseconds) => new(TypeId.Timestamptz, microseconds);

    /// <summary>A timestamp without a zone, in nanoseconds since 1970-01-01.</summary>
    public static IcebergValue TimestampNs(long nanoseconds) => new(TypeId.TimestampNs, nanoseconds);

    /// <summary>A point in time, in nanoseconds since 1970-01-01 UTC.</summary>
    public static IcebergValue TimestamptzNs(long nanoseconds) => new(TypeId.TimestamptzNs, nanoseconds);

    /// <summary>A text.</summary>
    public static IcebergValue String(string value) => new(TypeId.String, 0, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>A UUID.</summary>
    public static IcebergValue Uuid(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return new(TypeId.Uuid, (Int128)BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Bytes of a fixed length; the array is kept, not copied.</summary>
    public static IcebergValue Fixed(byte[] value) => new(TypeId.Fixed, 0, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>Bytes; the array is kept, not copied.</summary>
    public static IcebergValue Binary(byte[] value) => new(TypeId.Binary, 0, value ?? throw new ArgumentNullException(nameof(value)));

    /// <summary>The boolean.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: it is none; so for the other accessors.</exception>
    public bool AsBoolean() => Of(TypeId.Boolean) != 0;

    /// <summary>The value of an int, date, long, time or timestamp of any kind.</summary>
    public long AsLong() => Type is TypeId.Int or TypeId.Date or TypeId.Long or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz or TypeId.TimestampNs or TypeId.TimestamptzNs
        ? (long)number
        : throw Wrong("a whole number");

    /// <summary>The value of an int or date.</summary>
    public int AsInt() => Type is TypeId.Int or TypeId.Date ? (int)number : throw Wrong("an int");

    /// <summary>The float.</summary>
    public float AsFloat() => BitConverter.Int32BitsToSingle((int)Of(TypeId.Float));

    /// <summary>The double.</summary>
    public double AsDouble() => BitConverter.Int64BitsToDouble((long)Of(TypeId.Double));

    /// <summary>The unscaled value of a decimal.</summary>
    public Int128 AsUnscaled() => Of(TypeId.Decimal);

    /// <summary>The text.</summary>
    public string AsString() => content as string ?? throw Wrong("a string");

    /// <summary>The UUID.</summary>
    public Guid AsUuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, (UInt128)Of(TypeId.Uuid));
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The bytes of a fixed or binary.</summary>
    public byte[] AsBytes() => content as byte[] ?? throw Wrong("bytes");

    /// <summary>Orders two values of one type as the specification does: text by its UTF-8 bytes, bytes and UUIDs unsigned, -0.0 before 0.0, NaN last, null first.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: two values of different types.</exception>
    public static int Compare(IcebergValue left, IcebergValue right)
    {
        if (left.IsNull || right.IsNull) return right.IsNull.CompareTo(left.IsNull);
        if (left.Type != right.Type) throw IcebergException.Invalid($"A {left.Type} value cannot be compared with a {right.Type} value; promote one of them first.");
        return left.Type switch
        {
            TypeId.Float => CompareFloating(left.AsFloat(), right.AsFloat()),
            TypeId.Double => CompareFloating(left.AsDouble(), right.AsDouble()),
            TypeId.String => CompareText(left.AsString(), right.AsString()),
            TypeId.Uuid => ((UInt128)left.number).CompareTo((UInt128)right.number),
            TypeId.Fixed or TypeId.Binary => left.AsBytes().AsSpan().SequenceCompareTo(right.AsBytes()),
            _ => left.number.CompareTo(right.number),
        };
    }

    /// <inheritdoc/>
    public bool Equals(IcebergValue other) => Type == other.Type && number == other.number && (content, other.content) switch
    {
        (byte[] mine, byte[] theirs) => mine.AsSpan().SequenceEqual(theirs),
        var (mine, theirs) => Equals(mine, theirs),
    };

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is IcebergValue other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Type);
        if (content is byte[] bytes) hash.AddBytes(bytes);
        else if (content is string text) hash.Add(text, StringComparer.Ordinal);
        else hash.Add(number);
        return hash.ToHashCode();
    }

    /// <summary>The value in a form for logs; <see cref="ValueText"/> has the forms of the specification.</summary>
    public override string ToString() => Type switch
    {
        TypeId.None => "null",
        TypeId.Float => AsFloat().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        TypeId.Double => AsDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        TypeId.String => AsString(),
        TypeId.Uuid => AsUuid().ToString(),
        TypeId.Fixed or TypeId.Binary => Convert.ToHexStringLower(AsBytes()),
        _ => number.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>Whether two values are equal.</summary>
    public static bool operator ==(IcebergValue left, IcebergValue right) => left.Equals(right);

    /// <summary>Whether two values differ.</summary>
    public static bool operator !=(IcebergValue left, IcebergValue right) => !left.Equals(right);

    private static int CompareFloating(double left, double right)
    {
        if (double.IsNaN(left) || double.IsNaN(right)) return double.IsNaN(left).CompareTo(double.IsNaN(right));
        return left == right ? double.IsNegative(right).CompareTo(double.IsNegative(left)) : left.CompareTo(right);
    }

    /// <summary>UTF-16 order differs from that of UTF-8 only where one side has a surrogate: those stand for higher code points than all others.</summary>
    private static int CompareText(string left, string right)
    {
        var common = left.AsSpan().CommonPrefixLength(right);
        if (common == left.Length || common == right.Length) return left.Length.CompareTo(right.Length);
        var (mine, theirs) = (left[common], right[common]);
        return char.IsSurrogate(mine) == char.IsSurrogate(theirs) ? mine.CompareTo(theirs) : char.IsSurrogate(mine).CompareTo(char.IsSurrogate(theirs));
    }

    private Int128 Of(TypeId type) => Type == type ? number : throw Wrong($"a {type}");

    private IcebergException Wrong(string wanted) => IcebergException.Invalid($"A value of type {Type} was taken for {wanted}; convert it first.");
}
