using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Statistics;

/// <summary>Gathers bounds over the values of one column chunk, page by page, in the order that the column's type defines (<c>union ColumnOrder</c> in parquet.thrift).</summary>
internal abstract class StatisticsCollector
{
    /// <summary>Takes in <paramref name="count"/> values in PLAIN encoding (booleans: one byte each).</summary>
    public abstract void Update(ReadOnlySpan<byte> plain, int count);

    /// <summary>Hands the bounds of the values since the last page to <paramref name="index"/> and takes them into those of the chunk.</summary>
    public abstract void EndPage(PageIndexBuilder index);

    /// <summary>The bounds of all pages that ended since the last <see cref="Reset"/>.</summary>
    public abstract ColumnStatistics Build(long nullCount);

    public abstract void Reset();

    public static StatisticsCollector Create(ParquetColumn column)
    {
        var unsigned = column.LogicalType is { Kind: LogicalTypeKind.Integer, IsSigned: false };
        return column.PhysicalType switch
        {
            PhysicalType.Boolean => new IntegerStatistics<byte>(),
            PhysicalType.Int32 => unsigned ? new IntegerStatistics<uint>() : new IntegerStatistics<int>(),
            PhysicalType.Int64 => unsigned ? new IntegerStatistics<ulong>() : new IntegerStatistics<long>(),
            PhysicalType.Float => new FloatingPointStatistics<float>(),
            PhysicalType.Double => new FloatingPointStatistics<double>(),
            PhysicalType.ByteArray => new ByteArrayStatistics(column),
            PhysicalType.FixedLengthByteArray => new FixedLengthStatistics(column),
            _ => throw ParquetException.Unsupported($"Columns of type {column.PhysicalType} are not written."),
        };
    }
}
