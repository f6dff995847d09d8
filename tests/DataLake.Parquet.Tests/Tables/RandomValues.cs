using System.Numerics;
using System.Text;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Tests.Tables;

/// <summary>Values of any column, the same for the same seed: extremes, repeats and noise, within what the logical type allows.</summary>
internal sealed class RandomValues(int seed)
{
    private static readonly string[] Words = ["", "a", "lake", "Grüße", "東京", "🦆🦆", "tab\tand \"quote\"", "null", "\u0001\u007f\u2028"];
    private readonly Random _random = new(seed);

    public bool Chance(double share) => _random.NextDouble() < share;

    public object Next(ParquetColumn column)
    {
        if (column.Element is { } element)
        {
            // Mostly short, some empty, a few that are longer than a small page.
            var count = Chance(0.2) ? 0 : Chance(0.02) ? 300 : _random.Next(1, 6);
            return Enumerable.Range(0, count).Select(_ => element.Nullable && Chance(0.2) ? null : Next(element)).ToArray();
        }

        var logical = column.LogicalType;
        switch (logical?.Kind)
        {
            case LogicalTypeKind.String: return Encoding.UTF8.GetBytes(Chance(0.5) ? Pick(Words) : Pick(Words) + _random.Next(5000));
            case LogicalTypeKind.Enum: return Encoding.UTF8.GetBytes(Pick("NEW", "PAID", "SENT"));
            case LogicalTypeKind.Json: return Encoding.UTF8.GetBytes($"{{\"n\":{_random.Next(50)},\"w\":[\"{Pick("x", "ÿ")}\"]}}");
            case LogicalTypeKind.Date: return _random.Next(-100_000, 100_000);
            case LogicalTypeKind.Time when column.PhysicalType == PhysicalType.Int32: return _random.Next(86_400_000);
            case LogicalTypeKind.Time: return _random.NextInt64(86_400_000_000);
            case LogicalTypeKind.Timestamp:
                // DuckDB has no instants finer than microseconds: their nanoseconds stay whole microseconds.
                var time = _random.NextInt64(-1_000_000_000_000, 4_000_000_000_000) * (logical.Unit == TimeUnit.Milliseconds ? 1 : 1000);
                return logical is { Unit: TimeUnit.Nanoseconds, IsAdjustedToUtc: true } ? time : time + _random.Next(1000);
            case LogicalTypeKind.Integer when logical.BitWidth < 32:
                return logical.IsSigned ? _random.Next(-(1 << (logical.BitWidth - 1)), 1 << (logical.BitWidth - 1)) : _random.Next(1 << logical.BitWidth);
            case LogicalTypeKind.Decimal: return Decimal(column, BigInteger.Pow(10, logical.Precision) - 1);
        }

        return column.PhysicalType switch
        {
            PhysicalType.Boolean => Chance(0.5),
            PhysicalType.Int32 => Chance(0.1) ? Pick(int.MinValue, int.MaxValue, 0) : Chance(0.5) ? _random.Next(100) : unchecked((int)_random.NextInt64()),
            PhysicalType.Int64 => Chance(0.1) ? Pick(long.MinValue, long.MaxValue, 0L) : Chance(0.5) ? _random.NextInt64(100) : BitConverter.DoubleToInt64Bits(_random.NextDouble()),
            PhysicalType.Float => Chance(0.2) ? Pick(float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 0f, float.Epsilon) : _random.Next(1000) / 8f,
            PhysicalType.Double => Chance(0.2) ? Pick(double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0d, 0d, double.MaxValue) : _random.NextDouble() * 1000,
            PhysicalType.ByteArray => Bytes(_random.Next(12)),
            _ => Bytes(column.FixedLength),
        };
    }

    private object Decimal(ParquetColumn column, BigInteger max)
    {
        var digits = _random.Next(1, column.LogicalType!.Precision + 1);
        var value = Chance(0.1) ? max : BigInteger.Parse(string.Concat(Enumerable.Range(0, digits).Select(_ => _random.Next(10))));
        if (Chance(0.5)) value = -value;
        if (column.PhysicalType == PhysicalType.Int32) return (int)value;
        if (column.PhysicalType == PhysicalType.Int64) return (long)value;
        var bytes = new byte[column.FixedLength];
        bytes.AsSpan().Fill(value.Sign < 0 ? (byte)0xFF : (byte)0);
        var significant = value.ToByteArray(isUnsigned: false, isBigEndian: true);
        significant.CopyTo(bytes, bytes.Length - significant.Length);
        return bytes;
    }

    private byte[] Bytes(int length)
    {
        var bytes = new byte[length];
        if (Chance(0.5)) _random.NextBytes(bytes);
        else bytes.AsSpan().Fill((byte)_random.Next(4));
        return bytes;
    }

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
