using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Transforms;

namespace DataLake.Iceberg.Partitioning;

/// <summary>Partition specs as JSON (<see href="https://iceberg.apache.org/spec/#partition-specs">Appendix C, Partition Specs</see>).</summary>
internal static class PartitionSpecJson
{
    public static void Write(Utf8JsonWriter writer, PartitionSpec spec)
    {
        writer.WriteStartObject();
        writer.WriteNumber("spec-id", spec.SpecId);
        writer.WritePropertyName("fields");
        WriteFields(writer, spec);
        spec.Unknown.WriteTo(writer);
        writer.WriteEndObject();
    }

    /// <summary>Only the list of fields: the form in manifests and in version 1.</summary>
    public static void WriteFields(Utf8JsonWriter writer, PartitionSpec spec)
    {
        writer.WriteStartArray();
        foreach (var field in spec.Fields)
        {
            writer.WriteStartObject();
            writer.WriteNumber("source-id", field.SourceId);
            if (field.FieldId != PartitionField.Unassigned) writer.WriteNumber("field-id", field.FieldId);
            writer.WriteString("name", field.Name);
            writer.WriteString("transform", field.Transform.ToString());
            field.Unknown.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static PartitionSpec Read(JsonObjectReader json, bool assignIds) => new(json.OptionalInt32("spec-id") ?? 0, ReadFields(json.Objects("fields"), assignIds))
    {
        Unknown = json.Others("spec-id", "fields"),
    };

    /// <summary>The list of fields in a manifest's metadata.</summary>
    public static IReadOnlyList<PartitionField> ParseFields(ReadOnlyMemory<byte> utf8) => JsonText.Read(utf8, "manifest's partition-spec", element =>
    {
        // Some early writers stored the whole object.
        if (element.ValueKind == JsonValueKind.Object) return Read(new JsonObjectReader(element, "partition-spec"), assignIds: true).Fields;
        if (element.ValueKind != JsonValueKind.Array) throw IcebergException.Corrupt("The partition-spec of a manifest is no JSON array; the manifest must be written again.");
        return ReadFields([.. element.EnumerateArray().Select((item, i) => new JsonObjectReader(item, $"partition-spec[{i}]"))], assignIds: true);
    });

    /// <summary>Reads fields; version 1 had no field ids and counted from 1000 in every spec.</summary>
    public static IReadOnlyList<PartitionField> ReadFields(IReadOnlyList<JsonObjectReader> fields, bool assignIds) => [.. fields.Select((json, i) =>
        new PartitionField(
            SourceId(json),
            json.OptionalInt32("field-id") ?? (assignIds ? PartitionField.FirstId + i : PartitionField.Unassigned),
            json.Text("name"),
            Transform.Parse(json.Text("transform")))
        {
            Unknown = json.Others("source-id", "field-id", "name", "transform"),
        })];

    private static int SourceId(JsonObjectReader json) => !json.Has("source-id") && json.Has("source-ids")
        ? throw IcebergException.Unsupported($"{json.Place} has a transform of several columns, which is not read here; use a reader that does.")
        : json.Int32("source-id");
}
