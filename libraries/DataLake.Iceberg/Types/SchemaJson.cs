using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Types;

/// <summary>Schemas as JSON (<see href="https://iceberg.apache.org/spec/#schemas">Appendix C, Schemas</see>).</summary>
public static class SchemaJson
{
    /// <summary>Reads a schema. A version 1 schema without an id gets the id 0.</summary>
    /// <param name="utf8">The JSON text.</param>
    /// <exception cref="IcebergException">It is not valid, or has types of a later version.</exception>
    public static Schema Parse(ReadOnlyMemory<byte> utf8) => JsonText.Read(utf8, "schema", element => Read(new JsonObjectReader(element, "schema")));

    /// <summary>The JSON text of a schema, in UTF-8.</summary>
    public static byte[] ToUtf8(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return JsonText.Write(writer => Write(writer, schema));
    }

    internal static void Write(Utf8JsonWriter writer, Schema schema)
    {
        writer.WriteStartObject();
        writer.WriteString("type", "struct");
        writer.WriteNumber("schema-id", schema.SchemaId);
        if (schema.IdentifierFieldIds.Count > 0) writer.WriteNumbers("identifier-field-ids", schema.IdentifierFieldIds);
        TypeJson.WriteFields(writer, schema.Columns);
        schema.Unknown.WriteTo(writer);
        writer.WriteEndObject();
    }

    internal static Schema Read(JsonObjectReader json)
    {
        if (json.Text("type") != "struct") throw json.Fault("type", "must be struct");
        try
        {
            return new Schema(TypeJson.ReadStruct(json), json.OptionalInt32("schema-id") ?? 0, json.Has("identifier-field-ids") ? json.Int32s("identifier-field-ids") : [])
            {
                Unknown = json.Others("type", "schema-id", "identifier-field-ids", "fields"),
            };
        }
        catch (IcebergException e) when (e.Kind == IcebergErrorKind.Invalid)
        {
            throw IcebergException.Corrupt($"{json.Place}: {e.Message}", e);
        }
    }
}
