using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Reads the list of <c>SchemaElement</c> of the footer: a root, then its leaves.</summary>
internal static class SchemaReader
{
    public static ParquetSchema Read(ref ThriftCompactReader reader, ThriftType type)
    {
        var count = reader.List(type, ThriftType.Struct);
        if (count == 0) throw ParquetException.Corrupt("The schema is empty.");
        var root = ReadElement(ref reader);
        if (root.Children != count - 1)
        {
            throw root.Children < count - 1
                ? ParquetException.Unsupported("The file has nested columns; only flat columns are supported.")
                : ParquetException.Corrupt($"The schema's root states {root.Children} columns where {count - 1} follow.");
        }

        var columns = new List<ParquetColumn>();
        for (var i = 1; i < count; i++) columns.Add(ReadElement(ref reader).ToColumn());
        return new ParquetSchema(columns);
    }

    private static Element ReadElement(ref ThriftCompactReader reader)
    {
        var element = new Element();
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch (id)
            {
                case 1: element.Type = reader.I32(type); break;
                case 2: element.Length = reader.I32(type); break;
                case 3: element.Repetition = reader.I32(type); break;
                case 4: element.Name = reader.String(type); break;
                case 5: element.Children = reader.I32(type); break;
                case 6: element.Converted = reader.I32(type); break;
                case 7: element.Scale = reader.I32(type); break;
                case 8: element.Precision = reader.I32(type); break;
                case 9: element.FieldId = reader.I32(type); break;
                case 10:
                    ThriftCompactReader.Expect(ThriftType.Struct, type);
                    element.Logical = ReadLogicalType(ref reader);
                    break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return element;
    }

    /// <summary>A union: one field, whose id is the kind. A kind that is not known here leaves the column without a logical type.</summary>
    private static LogicalType? ReadLogicalType(ref ThriftCompactReader reader)
    {
        LogicalType? logical = null;
        var outer = reader.BeginStruct();
        while (reader.NextField(out var kind, out var type))
        {
            ThriftCompactReader.Expect(ThriftType.Struct, type);
            logical = ReadMember(ref reader, kind);
        }

        reader.EndStruct(outer);
        return logical;
    }

    private static LogicalType? ReadMember(ref ThriftCompactReader reader, short kind)
    {
        var (first, second, flag) = (0, 0, false);
        var outer = reader.BeginStruct();
        while (reader.NextField(out var id, out var type))
        {
            switch ((LogicalTypeKind)kind, id)
            {
                case (LogicalTypeKind.Decimal, 1): first = reader.I32(type); break;
                case (LogicalTypeKind.Decimal, 2): second = reader.I32(type); break;
                case (LogicalTypeKind.Time or LogicalTypeKind.Timestamp, 1): flag = reader.Bool(type); break;
                case (LogicalTypeKind.Time or LogicalTypeKind.Timestamp, 2):
                    ThriftCompactReader.Expect(ThriftType.Struct, type);
                    var union = reader.BeginStruct();
                    while (reader.NextField(out var unit, out var member))
                    {
                        first = unit;
                        reader.Skip(member);
                    }

                    reader.EndStruct(union);
                    break;
                case (LogicalTypeKind.Integer, 1): first = reader.I8(type); break;
                case (LogicalTypeKind.Integer, 2): flag = reader.Bool(type); break;
                default: reader.Skip(type); break;
            }
        }

        reader.EndStruct(outer);
        return (LogicalTypeKind)kind switch
        {
            LogicalTypeKind.String => LogicalType.String,
            LogicalTypeKind.Enum => LogicalType.Enum,
            LogicalTypeKind.Json => LogicalType.Json,
            LogicalTypeKind.Uuid => LogicalType.Uuid,
            LogicalTypeKind.Date => LogicalType.Date,
            LogicalTypeKind.Decimal => LogicalType.Decimal(second, first),
            LogicalTypeKind.Time => LogicalType.Time((TimeUnit)first, flag),
            LogicalTypeKind.Timestamp => LogicalType.Timestamp((TimeUnit)first, flag),
            LogicalTypeKind.Integer => LogicalType.Integer(first, flag),
            _ => null,
        };
    }

    private sealed class Element
    {
        public int? Type { get; set; }
        public int Length { get; set; }
        public int Repetition { get; set; }
        public string Name { get; set; } = "";
        public int Children { get; set; }
        public int? Converted { get; set; }
        public int Scale { get; set; }
        public int Precision { get; set; }
        public int? FieldId { get; set; }
        public LogicalType? Logical { get; set; }

        public ParquetColumn ToColumn()
        {
            if (Type is null || Repetition is not (0 or 1)) throw ParquetException.Unsupported($"Column '{Name}' is nested or repeated; only flat columns are supported.");
            var physical = (PhysicalType)Type.Value;
            var logical = Logical ?? (Converted is { } converted ? ConvertedType.ToLogical(converted, Precision, Scale) : null);
            var column = ParquetColumn.Of(Name, physical, logical, nullable: Repetition == 1, FieldId)
                with { FixedLength = physical == PhysicalType.FixedLengthByteArray ? Length : 0 };

            // An annotation that does not fit is no reason to refuse the values.
            return column.LogicalTypeFits() ? column : column with { LogicalType = null };
        }
    }
}
