using System.Buffers.Binary;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Statistics;

/// <summary>The order of encoded bounds of a column, and bounds of several chunks taken together.</summary>
internal static class BoundOrder
{
    // The column is always the one that holds the values: of a list its element.

    /// <summary>Compares two bounds in PLAIN encoding as the column's type orders them.</summary>
    public static int Compare(ParquetColumn column, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var unsigned = column.LogicalType is { Kind: LogicalTypeKind.Integer, IsSigned: false };
        switch (column.PhysicalType)
        {
            case PhysicalType.Int32 when unsigned:
                return BinaryPrimitives.ReadUInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt32LittleEndian(right));
            case PhysicalType.Int32:
                return BinaryPrimitives.ReadInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt32LittleEndian(right));
            case PhysicalType.Int64 when unsigned:
                return BinaryPrimitives.ReadUInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(right));
            case PhysicalType.Int64:
                return BinaryPrimitives.ReadInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt64LittleEndian(right));
            case PhysicalType.Float:
                return BinaryPrimitives.ReadSingleLittleEndian(left).CompareTo(BinaryPrimitives.ReadSingleLittleEndian(right));
            case PhysicalType.Double:
                return BinaryPrimitives.ReadDoubleLittleEndian(left).CompareTo(BinaryPrimitives.ReadDoubleLittleEndian(right));
            default:
                if (column.LogicalType is not { Kind: LogicalTypeKind.Decimal }) return left.SequenceCompareTo(right);
                var sign = (right[0] >> 7).CompareTo(left[0] >> 7);
                return sign != 0 ? sign : left.SequenceCompareTo(right);
        }
    }

    /// <summary>Statistics of the values of both; either may be of a chunk without values.</summary>
    public static ColumnStatistics Merge(ParquetColumn column, ColumnStatistics first, long firstValues, ColumnStatistics second, long secondValues)
    {
        // A chunk with values but without a bound (only NaNs, or an upper bound that cannot grow) leaves floats' bounds as they are and ends others'.
        var isFloat = column.PhysicalType is PhysicalType.Float or PhysicalType.Double;
        var (min, minExact) = Pick(first.MinValue, first.IsMinExact, firstValues, second.MinValue, second.IsMinExact, secondValues, 1);
        var (max, maxExact) = Pick(first.MaxValue, first.IsMaxExact, firstValues, second.MaxValue, second.IsMaxExact, secondValues, -1);
        return new()
        {
            NullCount = first.NullCount + second.NullCount,
            NanCount = first.NanCount + second.NanCount,
            MinValue = min,
            MaxValue = max,
            IsMinExact = minExact,
            IsMaxExact = maxExact,
        };

        (ReadOnlyMemory<byte>? Bound, bool? Exact) Pick(ReadOnlyMemory<byte>? a, bool? aExact, long aValues, ReadOnlyMemory<byte>? b, bool? bExact, long bValues, int direction)
        {
            if (a is null) return isFloat || aValues == 0 ? (b, bExact) : (null, null);
            if (b is null) return isFloat || bValues == 0 ? (a, aExact) : (null, null);
            var order = Compare(column, a.Value.Span, b.Value.Span) * direction;
            return order < 0 ? (a, aExact) : order > 0 ? (b, bExact) : (a, aExact == true || bExact == true);
        }
    }
}
