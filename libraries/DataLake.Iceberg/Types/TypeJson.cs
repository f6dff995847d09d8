using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Types;

/// <summary>Types as JSON (<see href="https://iceberg.apache.org/spec/#schemas">Appendix C, Schemas</see>).</summary>
internal static class TypeJson
{
    public static void Write(Utf8JsonWriter writer, IcebergType type)
    {
        if (type is PrimitiveType or OpaqueType)
        {
            writer.WriteStringValue(type.ToString());
            return;
        }

        writer.WriteStartObject();
        switch (type)
        {
            case StructType structType:
                writer.WriteString("type", "struct");
                WriteFields(writer, structType);
                break;
            case ListType list:
                writer.WriteString("type", "list");
                writer.WriteNumber("element-id", list.ElementId);
                writer.WritePropertyName("element");
                Write(writer, list.Element);
                writer.WriteBoolean("element-required", list.ElementRequired);
                break;
            case MapType map:
                writer.WriteString("type", "map");
                writer.WriteNumber("key-id", map.KeyId);
                writer.WritePropertyName("key");
                Write(writer, map.Key);
                writer.WriteNumber("value-id", map.ValueId);
                writer.WritePropertyName("value");
                Write(writer, map.Value);
                writer.WriteBoolean("value-required", map.ValueRequired);
                break;
        }

        writer.WriteEndObject();
    }

    /// <summary>The <c>fields</c> of a struct or a schema.</summary>
    public static void WriteFields(Utf8JsonWriter writer, StructType type)
    {
        writer.WriteStartArray("fields");
        foreach (var field in type.Fields)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", field.Id);
            writer.WriteString("name", field.Name);
            writer.WriteBoolean("required", field.Required);
            writer.WritePropertyName("type");
            Write(writer, field.Type);
            if (field.Doc is not null) writer.WriteString("doc", field.Doc);
            field.Unknown.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static StructType ReadStruct(JsonObjectReader json) => new([.. json.Objects("fields").Select(ReadField)]);

    private static NestedField ReadField(JsonObjectReader json) =>
        new(json.Int32("id"), json.Text("name"), ReadType(json, "type"), json.Boolean("required"), json.OptionalText("doc"))
        {
            Unknown = json.Others("id", "name", "required", "type", "doc"),
        };

    private static IcebergType ReadType(JsonObjectReader owner, string name)
    {
        if (owner.Required(name).ValueKind == JsonValueKind.String) return OpaqueType.TryParse(owner.Text(name)) ?? (IcebergType)PrimitiveType.Parse(owner.Text(name));
        var json = owner.Object(name);
        return json.Text("type") switch
        {
            "struct" => ReadStruct(json),
            "list" => new ListType(json.Int32("element-id"), ReadType(json, "element"), json.Boolean("element-required")),
            "map" => new MapType(json.Int32("key-id"), ReadType(json, "key"), json.Int32("value-id"), ReadType(json, "value"), json.Boolean("value-required")),
            var other => throw json.Fault("type", $"is '{other}', which is no nested type"),
        };
    }
}
