using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Metadata;

/// <summary>Reads the list of <c>SchemaElement</c> of the footer: a root, then its columns depth first.</summary>
internal static class SchemaReader
{
    private const int Repeated = 2;

    public static ParquetSchema Read(ref ThriftCompactReader reader, ThriftType type)
    {
        var count = reader.List(type, ThriftType.Struct);
        if (count == 0) throw ParquetException.Corrupt("The schema is empty.");
        var root = ReadElement(ref reader);
        var columns = new List<ParquetColumn>();
        for (var left = count - 1; left > 0;)
        {
            var element = ReadElement(ref reader);
            left--;
            if (element.Type is not null)
            {
                columns.Add(element.ToColumn());
                continue;
            }

            if (left < 2) throw ParquetException.Corrupt($"The schema ends within group '{element.Name}'.");
            columns.Add(ReadList(ref reader, element));
            left -= 2;
        }

        if (columns.Count != root.Children) throw ParquetException.Corrupt($"The schema's root states {root.Children} columns where {columns.Count} follow.");
        return new ParquetSchema(columns);
    }

    /// <summary>The three levels of the standard structure, whatever the two lower ones are called; the older forms of two levels are not read.</summary>
    private static ParquetColumn ReadList(ref ThriftCompactReader reader, Element list)
    {
        var isList = list is { Children: 1, Repetition: 0 or 1 } && list.ToLogicalType() == LogicalType.List;
        if (!isList) throw ParquetException.Unsupported($"Column '{list.Name}' is nested; of nested columns only lists of single values are supported.");
        var group = ReadElement(ref reader);
        var element = ReadElement(ref reader);
        if (group is not { Type: null, Repetition: Repeated, Children: 1 } || element.Type is null)
            throw ParquetException.Unsupported($"Column '{list.Name}' is a list of more than single values or of an older form; only lists of three levels are supported.");
        return ParquetColumn.List(list.Name, element.ToColumn(), nullable: list.Repetition == 1, list.FieldId);
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
            LogicalTypeKind.List => LogicalType.List,
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

        public LogicalType? ToLogicalType() => Logical ?? (Converted is { } converted ? ConvertedType.ToLogical(converted, Precision, Scale) : null);

        public ParquetColumn ToColumn()
        {
            if (Type is null || Repetition is not (0 or 1)) throw ParquetException.Unsupported($"Column '{Name}' is repeated; only values and lists of three levels are supported.");
            var physical = (PhysicalType)Type.Value;
            var column = ParquetColumn.Of(Name, physical, ToLogicalType(), nullable: Repetition == 1, FieldId)
                with { FixedLength = physical == PhysicalType.FixedLengthByteArray ? Length : 0 };

            // An annotation that does not fit is no reason to refuse the values.
            return column.LogicalTypeFits() ? column : column with { LogicalType = null };
        }
    }
}
