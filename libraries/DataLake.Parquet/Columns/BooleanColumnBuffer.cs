using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of booleans.</summary>
public sealed class BooleanColumnBuffer : FixedWidthColumnBuffer<bool>
{
    internal BooleanColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }
}
