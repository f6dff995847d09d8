using System.Globalization;
using System.Text;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Avro;

/// <summary>The Avro schema of an Iceberg struct (<see href="https://iceberg.apache.org/spec/#avro">Appendix A, Avro</see>). Records are named by field ids, so that no name stands twice.</summary>
internal static class IcebergToAvro
{
    public static AvroSchema Record(StructType type, string name) => AvroSchema.Record(name, [.. type.Fields.Select(Field)]);

    /// <summary>The name as Avro allows it: letters, digits and underscores, no digit first. Others become <c>_x</c> and their code in hexadecimal.</summary>
    public static string AvroName(string name)
    {
        var allowed = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (char.IsAsciiLetter(letter) || letter == '_' || (char.IsAsciiDigit(letter) && allowed.Length > 0)) allowed.Append(letter);
            else if (char.IsAsciiDigit(letter)) allowed.Append('_').Append(letter);
            else allowed.Append("_x").Append(((int)letter).ToString("X", CultureInfo.InvariantCulture));
        }

        return allowed.ToString();
    }

    private static AvroField Field(NestedField field)
    {
        var schema = Of(field.Type, field.Id);
        var name = AvroName(field.Name);
        return new AvroField(name, field.Required ? schema : AvroSchema.Optional(schema), field.Id, name == field.Name ? null : field.Name);
    }

    private static AvroSchema Of(IcebergType type, int id) => type switch
    {
        StructType nested => Record(nested, $"r{id}"),
        ListType list => AvroSchema.Array(list.ElementRequired ? Of(list.Element, list.ElementId) : AvroSchema.Optional(Of(list.Element, list.ElementId)), list.ElementId),
        MapType map => AvroSchema.Array(KeyValue(map), logicalType: "map"),
        PrimitiveType primitive => Of(primitive, id),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static AvroSchema KeyValue(MapType map) => AvroSchema.Record($"k{map.KeyId}_v{map.ValueId}",
    [
        new AvroField("key", Of(map.Key, map.KeyId), map.KeyId),
        new AvroField("value", map.ValueRequired ? Of(map.Value, map.ValueId) : AvroSchema.Optional(Of(map.Value, map.ValueId)), map.ValueId),
    ]);

    private static AvroSchema Of(PrimitiveType type, int id) => type.Id switch
    {
        TypeId.Boolean => AvroSchema.Primitive(AvroKind.Boolean),
        TypeId.Int => AvroSchema.Primitive(AvroKind.Int),
        TypeId.Long => AvroSchema.Primitive(AvroKind.Long),
        TypeId.Float => AvroSchema.Primitive(AvroKind.Float),
        TypeId.Double => AvroSchema.Primitive(AvroKind.Double),
        TypeId.String => AvroSchema.Primitive(AvroKind.String),
        TypeId.Binary => AvroSchema.Primitive(AvroKind.Bytes),
        TypeId.Date => AvroSchema.Logical(AvroKind.Int, "date"),
        TypeId.Time => AvroSchema.Logical(AvroKind.Long, "time-micros"),
        TypeId.Timestamp => AvroSchema.Logical(AvroKind.Long, "timestamp-micros", adjustToUtc: false),
        TypeId.Timestamptz => AvroSchema.Logical(AvroKind.Long, "timestamp-micros", adjustToUtc: true),
        TypeId.TimestampNs => AvroSchema.Logical(AvroKind.Long, "timestamp-nanos", adjustToUtc: false),
        TypeId.TimestamptzNs => AvroSchema.Logical(AvroKind.Long, "timestamp-nanos", adjustToUtc: true),
        TypeId.Decimal => AvroSchema.Fixed($"decimal_{type.Precision}_{type.Scale}_{id}", type.DecimalBytes, "decimal", type.Precision, type.Scale),
        TypeId.Uuid => AvroSchema.Fixed($"uuid_{id}", 16, "uuid"),
        TypeId.Fixed => AvroSchema.Fixed($"fixed_{type.Length}_{id}", type.Length),
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };
}
