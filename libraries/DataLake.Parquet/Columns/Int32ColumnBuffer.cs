using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of 32-bit integers (dates, times in milliseconds and unsigned integers included, by their bits).</summary>
public sealed class Int32ColumnBuffer : FixedWidthColumnBuffer<int>
{
    internal Int32ColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }
}
