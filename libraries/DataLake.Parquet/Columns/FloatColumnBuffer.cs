using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of single precision numbers.</summary>
public sealed class FloatColumnBuffer : FixedWidthColumnBuffer<float>
{
    internal FloatColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }
}
