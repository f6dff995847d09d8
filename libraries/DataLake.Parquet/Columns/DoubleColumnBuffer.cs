using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of double precision numbers.</summary>
public sealed class DoubleColumnBuffer : FixedWidthColumnBuffer<double>
{
    internal DoubleColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }
}
