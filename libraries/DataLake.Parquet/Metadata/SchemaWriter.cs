using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Writes the list of <c>SchemaElement</c> of the footer: a root, then its columns depth first.</summary>
internal static class SchemaWriter
{
    public const string RepeatedGroupName = "list";
    private const int Required = 0, Optional = 1, Repeated = 2;

    public static void Write(ParquetSchema schema, ThriftCompactWriter writer)
    {
        writer.ListField(2, ThriftType.Struct, 1 + schema.Columns.Sum(column => column.Element is null ? 1 : 3));
        writer.BeginStruct();
        writer.StringField(4, "schema");
        writer.I32Field(5, schema.Columns.Count);
        writer.EndStruct();
        foreach (var column in schema.Columns)
        {
            if (column.Element is null) WriteLeaf(column, writer);
            else WriteList(column, writer);
        }
    }

    private static void WriteLeaf(ParquetColumn column, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(1, (int)column.PhysicalType);
        if (column.FixedLength > 0) writer.I32Field(2, column.FixedLength);
        writer.I32Field(3, column.Nullable ? Optional : Required);
        writer.StringField(4, column.Name);
        if (ConvertedType.Of(column.LogicalType) is { } converted) writer.I32Field(6, converted);
        if (column.LogicalType is { Kind: LogicalTypeKind.Decimal } number)
        {
            writer.I32Field(7, number.Scale);
            writer.I32Field(8, number.Precision);
        }

        WriteIdAndLogicalType(column, writer);
        writer.EndStruct();
    }

    /// <summary>The three levels of <see href="https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists">LogicalTypes.md, Lists</see>.</summary>
    private static void WriteList(ParquetColumn column, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.I32Field(3, column.Nullable ? Optional : Required);
        writer.StringField(4, column.Name);
        writer.I32Field(5, 1);
        writer.I32Field(6, ConvertedType.Of(column.LogicalType)!.Value);
        WriteIdAndLogicalType(column, writer);
        writer.EndStruct();
        writer.BeginStruct();
        writer.I32Field(3, Repeated);
        writer.StringField(4, RepeatedGroupName);
        writer.I32Field(5, 1);
        writer.EndStruct();
        WriteLeaf(column.Element! with { Name = ParquetColumn.ElementName }, writer);
    }

    private static void WriteIdAndLogicalType(ParquetColumn column, ThriftCompactWriter writer)
    {
        if (column.FieldId is { } fieldId) writer.I32Field(9, fieldId);
        if (column.LogicalType is { } logical) WriteLogicalType(logical, writer);
    }

    private static void WriteLogicalType(LogicalType type, ThriftCompactWriter writer)
    {
        writer.BeginStructField(10);
        writer.BeginStructField((short)type.Kind);
        switch (type.Kind)
        {
            case LogicalTypeKind.Decimal:
                writer.I32Field(1, type.Scale);
                writer.I32Field(2, type.Precision);
                break;
            case LogicalTypeKind.Time or LogicalTypeKind.Timestamp:
                writer.BoolField(1, type.IsAdjustedToUtc);
                writer.BeginStructField(2);
                writer.EmptyStructField((short)type.Unit);
                writer.EndStruct();
                break;
            case LogicalTypeKind.Integer:
                writer.ByteField(1, (sbyte)type.BitWidth);
                writer.BoolField(2, type.IsSigned);
                break;
        }

        writer.EndStruct();
        writer.EndStruct();
    }
}
