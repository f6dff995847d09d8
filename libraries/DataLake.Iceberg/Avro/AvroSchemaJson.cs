using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Avro;

/// <summary>Avro schemas as JSON. Named types may be referred to once they are complete; a type inside itself is refused, because no Iceberg file has one.</summary>
internal static class AvroSchemaJson
{
    public static AvroSchema Parse(ReadOnlyMemory<byte> utf8) => JsonText.Read(utf8, "Avro schema", element => new Parser().Read(element, ""));

    public static byte[] ToUtf8(AvroSchema schema) => JsonText.Write(writer => Write(writer, schema));

    private static void Write(Utf8JsonWriter writer, AvroSchema schema)
    {
        switch (schema.Kind)
        {
            case AvroKind.Union:
                writer.WriteStartArray();
                foreach (var branch in schema.Branches) Write(writer, branch);
                writer.WriteEndArray();
                return;
            case not (AvroKind.Record or AvroKind.Array or AvroKind.Map or AvroKind.Fixed or AvroKind.Enum) when schema.LogicalType is null:
                writer.WriteStringValue(NameOf(schema.Kind));
                return;
        }

        writer.WriteStartObject();
        writer.WriteString("type", NameOf(schema.Kind));
        switch (schema.Kind)
        {
            case AvroKind.Record:
                writer.WriteString("name", schema.Name);
                WriteFields(writer, schema);
                break;
            case AvroKind.Array:
                if (schema.ElementId is { } elementId) writer.WriteNumber("element-id", elementId);
                writer.WritePropertyName("items");
                Write(writer, schema.Items!);
                break;
            case AvroKind.Fixed:
                writer.WriteString("name", schema.Name);
                writer.WriteNumber("size", schema.Size);
                break;
        }

        WriteLogicalType(writer, schema);
        writer.WriteEndObject();
    }

    private static void WriteFields(Utf8JsonWriter writer, AvroSchema record)
    {
        writer.WriteStartArray("fields");
        foreach (var field in record.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("name", field.Name);
            writer.WritePropertyName("type");
            Write(writer, field.Schema);
            if (field.Schema.NullBranch == 0) writer.WriteNull("default");
            if (field.FieldId is { } id) writer.WriteNumber("field-id", id);
            if (field.OriginalName is not null) writer.WriteString("iceberg-field-name", field.OriginalName);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteLogicalType(Utf8JsonWriter writer, AvroSchema schema)
    {
        if (schema.LogicalType is null) return;
        writer.WriteString("logicalType", schema.LogicalType);
        if (schema.LogicalType == "decimal")
        {
            writer.WriteNumber("precision", schema.Precision);
            writer.WriteNumber("scale", schema.Scale);
        }

        if (schema.LogicalType == "timestamp-micros") writer.WriteBoolean("adjust-to-utc", schema.AdjustToUtc);
    }

    private static string NameOf(AvroKind kind) => kind switch
    {
        AvroKind.Null => "null",
        AvroKind.Boolean => "boolean",
        AvroKind.Int => "int",
        AvroKind.Long => "long",
        AvroKind.Float => "float",
        AvroKind.Double => "double",
        AvroKind.Bytes => "bytes",
        AvroKind.String => "string",
        AvroKind.Record => "record",
        AvroKind.Enum => "enum",
        AvroKind.Array => "array",
        AvroKind.Map => "map",
        AvroKind.Fixed => "fixed",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private sealed class Parser
    {
        private const int MaxFixedBytes = 1 << 20;

        private readonly Dictionary<string, AvroSchema> named = new(StringComparer.Ordinal);

        public AvroSchema Read(JsonElement element, string space) => element.ValueKind switch
        {
            JsonValueKind.String => Reference(element.GetString()!, space),
            JsonValueKind.Array => AvroSchema.Union([.. element.EnumerateArray().Select(branch => Read(branch, space))]),
            JsonValueKind.Object => ReadObject(new JsonObjectReader(element, "Avro schema"), space),
            _ => throw IcebergException.Corrupt($"An Avro schema cannot be {element.ValueKind}; the file must be written again."),
        };

        private static AvroSchema? Plain(string name) => name switch
        {
            "null" => AvroSchema.Primitive(AvroKind.Null),
            "boolean" => AvroSchema.Primitive(AvroKind.Boolean),
            "int" => AvroSchema.Primitive(AvroKind.Int),
            "long" => AvroSchema.Primitive(AvroKind.Long),
            "float" => AvroSchema.Primitive(AvroKind.Float),
            "double" => AvroSchema.Primitive(AvroKind.Double),
            "bytes" => AvroSchema.Primitive(AvroKind.Bytes),
            "string" => AvroSchema.Primitive(AvroKind.String),
            _ => null,
        };

        private AvroSchema Reference(string name, string space) => Plain(name) ?? (named.TryGetValue(FullName(name, space), out var schema) || named.TryGetValue(name, out schema)
            ? schema
            : throw IcebergException.Unsupported($"The Avro schema refers to the type '{name}', which is not defined before or contains itself; the file cannot be read."));

        private AvroSchema ReadObject(JsonObjectReader json, string space)
        {
            // {"type": {"type": ...}} says nothing more than its inside.
            if (json.Required("type").ValueKind != JsonValueKind.String) return Read(json.Required("type"), space);
            var type = json.Text("type");
            var logicalType = json.Element.TryGetProperty("logicalType", out var logical) && logical.ValueKind == JsonValueKind.String ? logical.GetString() : null;
            switch (type)
            {
                case "record" or "error":
                    var inner = FullName(json.Text("name"), json.OptionalText("namespace") ?? space) is var full && full.LastIndexOf('.') is > 0 and var point ? full[..point] : "";
                    return Define(json, space, AvroSchema.Record(json.Text("name"), [.. json.Objects("fields").Select(field => ReadField(field, inner))]));
                case "enum":
                    return Define(json, space, AvroSchema.Enum(json.Text("name"), json.Texts("symbols").Count));
                case "fixed":
                    var size = json.Int32("size");
                    if (size is < 0 or > MaxFixedBytes) throw json.Fault("size", $"is {size} bytes, which no Iceberg type has");
                    return Define(json, space, AvroSchema.Fixed(json.Text("name"), size, logicalType, json.OptionalInt32("precision") ?? 0, json.OptionalInt32("scale") ?? 0));
                case "array":
                    return AvroSchema.Array(Read(json.Required("items"), space), json.OptionalInt32("element-id"), logicalType);
                case "map":
                    return AvroSchema.Map(Read(json.Required("values"), space));
            }

            if (Plain(type) is not { } plain) return Reference(type, space);
            var toUtc = json.Has("adjust-to-utc") && json.Boolean("adjust-to-utc");
            return logicalType is null ? plain : AvroSchema.Logical(plain.Kind, logicalType, toUtc, json.OptionalInt32("precision") ?? 0, json.OptionalInt32("scale") ?? 0);
        }

        private AvroField ReadField(JsonObjectReader json, string space) =>
            new(json.Text("name"), Read(json.Required("type"), space), json.OptionalInt32("field-id"), json.OptionalText("iceberg-field-name"));

        private AvroSchema Define(JsonObjectReader json, string space, AvroSchema schema)
        {
            named[FullName(schema.Name!, json.OptionalText("namespace") ?? space)] = schema;
            return schema;
        }

        private static string FullName(string name, string space) => name.Contains('.', StringComparison.Ordinal) || space.Length == 0 ? name : $"{space}.{name}";
    }
}
