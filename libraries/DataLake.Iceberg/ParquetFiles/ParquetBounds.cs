using System.Buffers.Binary;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.ParquetFiles;

/// <summary>
/// Bounds of Parquet statistics and page indexes as single values. They are in PLAIN encoding of the physical type; the differences are decimals (integers or big-endian
/// bytes of any width), and floats, whose zeros have the sign that makes them hold for both.
/// </summary>
internal static class ParquetBounds
{
    /// <summary>A lower bound in single-value binary form; null where the bytes do not make one, and nothing is known.</summary>
    public static ReadOnlyMemory<byte>? Lower(ParquetColumn column, PrimitiveType type, ReadOnlyMemory<byte>? plain) =>
        Convert(column, type, plain, isLower: true);

    /// <summary>An upper bound in single-value binary form; null where the bytes do not make one, and nothing is known.</summary>
    public static ReadOnlyMemory<byte>? Upper(ParquetColumn column, PrimitiveType type, ReadOnlyMemory<byte>? plain) =>
        Convert(column, type, plain, isLower: false);

    /// <summary>Both bounds of a chunk; null where they are not known.</summary>
    public static (ReadOnlyMemory<byte>? Lower, ReadOnlyMemory<byte>? Upper) Of(ParquetColumn column, PrimitiveType type, ColumnStatistics? statistics) =>
        statistics is null ? (null, null) : (Lower(column, type, statistics.MinValue), Upper(column, type, statistics.MaxValue));

    /// <summary>Whether Parquet's bytes are the single value's: little-endian numbers, and bytes in unsigned order.</summary>
    private static bool IsSingleValue(PrimitiveType type) => type.Id is not (TypeId.Decimal or TypeId.Float or TypeId.Double);

    private static bool IsWhole(PrimitiveType type, ReadOnlySpan<byte> bytes) => type.Id switch
    {
        TypeId.Boolean => bytes.Length == 1,
        TypeId.Int or TypeId.Date => bytes.Length == 4,
        TypeId.Long or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz or TypeId.TimestampNs or TypeId.TimestamptzNs => bytes.Length == 8,
        TypeId.Uuid => bytes.Length == 16,
        TypeId.Fixed => bytes.Length == type.Length,
        TypeId.String => System.Text.Unicode.Utf8.IsValid(bytes),
        _ => true,
    };

    private static ReadOnlyMemory<byte>? Convert(ParquetColumn column, PrimitiveType type, ReadOnlyMemory<byte>? plain, bool isLower)
    {
        if (plain is not { } bytes) return null;
        if (IsSingleValue(type)) return IsWhole(type, bytes.Span) ? bytes : default(ReadOnlyMemory<byte>?);
        IcebergValue? value = (type.Id, column.PhysicalType, bytes.Length) switch
        {
            (TypeId.Float, _, 4) => IcebergValue.Float(Zero(BinaryPrimitives.ReadSingleLittleEndian(bytes.Span), isLower)),
            (TypeId.Double, _, 8) => IcebergValue.Double(Zero(BinaryPrimitives.ReadDoubleLittleEndian(bytes.Span), isLower)),
            (TypeId.Decimal, PhysicalType.Int32, 4) => IcebergValue.Decimal(BinaryPrimitives.ReadInt32LittleEndian(bytes.Span)),
            (TypeId.Decimal, PhysicalType.Int64, 8) => IcebergValue.Decimal(BinaryPrimitives.ReadInt64LittleEndian(bytes.Span)),
            (TypeId.Decimal, PhysicalType.ByteArray or PhysicalType.FixedLengthByteArray, _) when DecimalBytes.TryRead(bytes.Span, out var unscaled) => IcebergValue.Decimal(unscaled),
            _ => null,
        };

        // Early writers put NaN into bounds, which then bound nothing. (A null array would become empty memory, not null.)
        return value is { IsNaN: false } known ? SingleValueBinary.ToBytes(known) : default(ReadOnlyMemory<byte>?);
    }

    private static T Zero<T>(T value, bool isLower)
        where T : System.Numerics.IFloatingPointIeee754<T> => !T.IsZero(value) ? value : isLower ? T.NegativeZero : T.Zero;
}
