using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Types;

/// <summary>
/// Field ids for data files that carry none, by name: the table property <c>schema.name-mapping.default</c>
/// (<see href="https://iceberg.apache.org/spec/#column-projection">Column Projection</see>).
/// </summary>
/// <param name="Fields">The mappings of the columns.</param>
public sealed record NameMapping(IReadOnlyList<MappedField> Fields)
{
    /// <summary>The table property that holds a mapping.</summary>
    public const string PropertyName = "schema.name-mapping.default";

    /// <summary>The mapping that gives every field of a schema its present name.</summary>
    public static NameMapping Of(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new(Children(schema.Columns));
    }

    /// <summary>Reads the text of the table property.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>.</exception>
    public static NameMapping Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return JsonText.Read(System.Text.Encoding.UTF8.GetBytes(json), "name mapping", element => new NameMapping(ReadList(element, "name mapping")));
    }

    /// <summary>The field that a path of names in a data file stands for, or null. Steps into lists and maps are <c>element</c>, <c>key</c> and <c>value</c>.</summary>
    public MappedField? Find(params ReadOnlySpan<string> path)
    {
        MappedField? found = null;
        var among = Fields;
        foreach (var name in path)
        {
            found = among.FirstOrDefault(field => field.Names.Contains(name));
            if (found is null) return null;
            among = found.Fields;
        }

        return found;
    }

    /// <summary>The text for the table property.</summary>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(JsonText.Write(writer => WriteList(writer, Fields)));

    private static IReadOnlyList<MappedField> Children(IcebergType type) => type switch
    {
        StructType structType => [.. structType.Fields.Select(field => new MappedField(field.Id, [field.Name], Children(field.Type)))],
        ListType list => [new MappedField(list.ElementId, ["element"], Children(list.Element))],
        MapType map => [new MappedField(map.KeyId, ["key"], Children(map.Key)), new MappedField(map.ValueId, ["value"], Children(map.Value))],
        _ => [],
    };

    private static List<MappedField> ReadList(JsonElement element, string place)
    {
        if (element.ValueKind != JsonValueKind.Array) throw IcebergException.Corrupt($"The {place} must be a JSON array; correct the table property {PropertyName}.");
        var fields = new List<MappedField>();
        foreach (var item in element.EnumerateArray())
        {
            var json = new JsonObjectReader(item, $"{place}[{fields.Count}]");
            fields.Add(new MappedField(json.OptionalInt32("field-id"), json.Texts("names"), json.Has("fields") ? ReadList(json.Required("fields"), $"{json.Place}.fields") : []));
        }

        return fields;
    }

    private static void WriteList(Utf8JsonWriter writer, IReadOnlyList<MappedField> fields)
    {
        writer.WriteStartArray();
        foreach (var field in fields)
        {
            writer.WriteStartObject();
            if (field.FieldId is { } id) writer.WriteNumber("field-id", id);
            writer.WriteStartArray("names");
            foreach (var name in field.Names) writer.WriteStringValue(name);
            writer.WriteEndArray();
            if (field.Fields.Count > 0)
            {
                writer.WritePropertyName("fields");
                WriteList(writer, field.Fields);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}

/// <summary>One field of a name mapping.</summary>
/// <param name="FieldId">The field id, or null for a field that only imported files have.</param>
/// <param name="Names">Names that stand for it; a point in a name is just a point.</param>
/// <param name="Fields">Mappings of the fields inside it.</param>
public sealed record MappedField(int? FieldId, IReadOnlyList<string> Names, IReadOnlyList<MappedField> Fields);
