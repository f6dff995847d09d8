using System.Text.Json;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Updates;

/// <summary>Requirements as the REST catalog carries them (<c>TableRequirement</c> of its <see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>).</summary>
public static class TableRequirementJson
{
    /// <summary>Reads a JSON array of requirements.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: a type that is not known here, which must not be taken for met.
    /// <see cref="IcebergErrorKind.Corrupt"/>: not valid.</exception>
    public static IReadOnlyList<TableRequirement> Parse(ReadOnlyMemory<byte> utf8) => JsonText.Read(utf8, "table requirements", element => element.ValueKind == JsonValueKind.Array
        ? (IReadOnlyList<TableRequirement>)[.. element.EnumerateArray().Select((item, i) => Read(new JsonObjectReader(item, $"requirements[{i}]")))]
        : throw IcebergException.Corrupt("The table requirements must be a JSON array; correct the request."));

    /// <summary>A JSON array of requirements.</summary>
    public static byte[] ToUtf8(IEnumerable<TableRequirement> requirements)
    {
        ArgumentNullException.ThrowIfNull(requirements);
        return JsonText.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var requirement in requirements)
            {
                writer.WriteStartObject();
                Write(writer, requirement);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    private static TableRequirement Read(JsonObjectReader json) => json.Text("type") switch
    {
        "assert-create" => new TableRequirement.AssertCreate(),
        "assert-table-uuid" => new TableRequirement.AssertTableUuid(json.Uuid("uuid")),
        "assert-ref-snapshot-id" => new TableRequirement.AssertRefSnapshotId(json.Text("ref"), json.OptionalInt64("snapshot-id")),
        "assert-last-assigned-field-id" => new TableRequirement.AssertLastAssignedFieldId(json.Int32("last-assigned-field-id")),
        "assert-current-schema-id" => new TableRequirement.AssertCurrentSchemaId(json.Int32("current-schema-id")),
        "assert-last-assigned-partition-id" => new TableRequirement.AssertLastAssignedPartitionId(json.Int32("last-assigned-partition-id")),
        "assert-default-spec-id" => new TableRequirement.AssertDefaultSpecId(json.Int32("default-spec-id")),
        "assert-default-sort-order-id" => new TableRequirement.AssertDefaultSortOrderId(json.Int32("default-sort-order-id")),
        var other => throw IcebergException.Unsupported($"{json.Place} has the type '{other}', which is not known here and cannot be checked; leave it out, or use a later release of this library."),
    };

    private static void Write(Utf8JsonWriter writer, TableRequirement requirement)
    {
        switch (requirement)
        {
            case TableRequirement.AssertCreate: writer.WriteString("type", "assert-create"); break;
            case TableRequirement.AssertTableUuid uuid:
                writer.WriteString("type", "assert-table-uuid");
                writer.WriteString("uuid", uuid.Uuid);
                break;
            case TableRequirement.AssertRefSnapshotId reference:
                writer.WriteString("type", "assert-ref-snapshot-id");
                writer.WriteString("ref", reference.Ref);
                if (reference.SnapshotId is { } id) writer.WriteNumber("snapshot-id", id);
                else writer.WriteNull("snapshot-id");
                break;
            case TableRequirement.AssertLastAssignedFieldId field: Number(writer, "assert-last-assigned-field-id", "last-assigned-field-id", field.LastAssignedFieldId); break;
            case TableRequirement.AssertCurrentSchemaId schema: Number(writer, "assert-current-schema-id", "current-schema-id", schema.CurrentSchemaId); break;
            case TableRequirement.AssertLastAssignedPartitionId partition: Number(writer, "assert-last-assigned-partition-id", "last-assigned-partition-id", partition.LastAssignedPartitionId); break;
            case TableRequirement.AssertDefaultSpecId spec: Number(writer, "assert-default-spec-id", "default-spec-id", spec.DefaultSpecId); break;
            case TableRequirement.AssertDefaultSortOrderId order: Number(writer, "assert-default-sort-order-id", "default-sort-order-id", order.DefaultSortOrderId); break;
            default: throw new ArgumentOutOfRangeException(nameof(requirement), requirement, "There is no such requirement.");
        }
    }

    private static void Number(Utf8JsonWriter writer, string type, string name, int number)
    {
        writer.WriteString("type", type);
        writer.WriteNumber(name, number);
    }
}
