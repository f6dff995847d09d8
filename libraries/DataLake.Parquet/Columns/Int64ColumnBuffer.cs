using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of 64-bit integers (timestamps, times and unsigned integers included, by their bits).</summary>
public sealed class Int64ColumnBuffer : FixedWidthColumnBuffer<long>
{
    internal Int64ColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }
}
