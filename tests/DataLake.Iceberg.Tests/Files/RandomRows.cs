using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Files;

/// <summary>Values of any primitive type, the same for the same seed: extremes, repeats and noise.</summary>
internal sealed class RandomRows(int seed)
{
    private readonly Random random = new(seed);

    public static IReadOnlyList<PrimitiveType> Types { get; } =
    [
        PrimitiveType.Boolean, PrimitiveType.Int, PrimitiveType.Long, PrimitiveType.Float, PrimitiveType.Double, PrimitiveType.Decimal(7, 2), PrimitiveType.Decimal(18, 0),
        PrimitiveType.Decimal(38, 10), PrimitiveType.Date, PrimitiveType.Time, PrimitiveType.Timestamp, PrimitiveType.Timestamptz, PrimitiveType.String, PrimitiveType.Uuid,
        PrimitiveType.Fixed(5), PrimitiveType.Binary,
    ];

    public int Next(int below) => random.Next(below);

    public int Next(int from, int below) => random.Next(from, below);

    public bool Chance(double share) => random.NextDouble() < share;

    public T Pick<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    public IcebergValue[] Row(Schema schema) => [.. schema.Columns.Fields.Select(field => !field.Required && Chance(0.2) ? IcebergValue.Null : Value((PrimitiveType)field.Type))];

    public IcebergValue Value(PrimitiveType type) => type.Id switch
    {
        TypeId.Boolean => IcebergValue.Boolean(Chance(0.5)),
        TypeId.Int => IcebergValue.Int(Chance(0.1) ? Pick<int>([int.MinValue, int.MaxValue, 0]) : random.Next(-1000, 1000)),
        TypeId.Long => IcebergValue.Long(Chance(0.1) ? Pick<long>([long.MinValue, long.MaxValue, 0]) : random.NextInt64(-100_000, 100_000)),
        TypeId.Float => IcebergValue.Float(Chance(0.2) ? Pick<float>([float.NaN, 0f, -0f, float.PositiveInfinity]) : random.NextSingle()),
        TypeId.Double => IcebergValue.Double(Chance(0.2) ? Pick<double>([double.NaN, 0, -0.0, double.NegativeInfinity]) : random.NextDouble()),
        TypeId.Decimal => IcebergValue.Decimal(Unscaled(type.Precision)),
        TypeId.Date => IcebergValue.Date(random.Next(-100_000, 100_000)),
        TypeId.Time => IcebergValue.Time(random.NextInt64(86_400_000_000)),
        TypeId.Timestamp => IcebergValue.Timestamp(random.NextInt64(-1L << 50, 1L << 50)),
        TypeId.Timestamptz => IcebergValue.Timestamptz(random.NextInt64(-1L << 50, 1L << 50)),
        TypeId.String => IcebergValue.String(Text()),
        TypeId.Uuid => IcebergValue.Uuid(new Guid(Bytes(16))),
        TypeId.Fixed => IcebergValue.Fixed(Bytes(type.Length)),
        _ => IcebergValue.Binary(Chance(0.1) ? [.. Enumerable.Repeat((byte)0xFF, random.Next(30))] : Bytes(random.Next(40))),
    };

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    private Int128 Unscaled(int precision)
    {
        var limit = Int128.One;
        for (var i = 0; i < precision; i++) limit *= 10;
        if (Chance(0.1)) return Pick<Int128>([limit - 1, 1 - limit, 0]);
        return (((Int128)random.NextInt64() << 63) + random.NextInt64()) % limit * (Chance(0.5) ? 1 : -1);
    }

    private string Text()
    {
        var text = new StringBuilder();
        for (var i = random.Next(Chance(0.2) ? 60 : 8); i > 0; i--) text.Append(Pick<string>(["a", "b", "ä", "東", "\U0001F986", "\uFFFF", "\U0010FFFF", "z"]));
        return text.ToString();
    }
}
