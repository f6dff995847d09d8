using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Updates;

/// <summary>Updates as the REST catalog carries them (<c>TableUpdate</c> of its <see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>).</summary>
public static class TableUpdateJson
{
    /// <summary>Reads a JSON array of updates.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: an action that is not known here. <see cref="IcebergErrorKind.Corrupt"/>: not valid.</exception>
    public static IReadOnlyList<TableUpdate> Parse(ReadOnlyMemory<byte> utf8) => JsonText.Read(utf8, "table updates", element => element.ValueKind == JsonValueKind.Array
        ? (IReadOnlyList<TableUpdate>)[.. element.EnumerateArray().Select((item, i) => Read(new JsonObjectReader(item, $"updates[{i}]")))]
        : throw IcebergException.Corrupt("The table updates must be a JSON array; correct the request."));

    /// <summary>A JSON array of updates.</summary>
    public static byte[] ToUtf8(IEnumerable<TableUpdate> updates)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return JsonText.Write(writer =>
        {
            writer.WriteStartArray();
            foreach (var update in updates)
            {
                writer.WriteStartObject();
                Write(writer, update);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    private static TableUpdate Read(JsonObjectReader json) => json.Text("action") switch
    {
        "assign-uuid" => new TableUpdate.AssignUuid(json.Uuid("uuid")),
        "upgrade-format-version" => new TableUpdate.UpgradeFormatVersion(json.Int32("format-version")),
        "add-schema" => new TableUpdate.AddSchema(SchemaJson.Read(json.Object("schema"))),
        "set-current-schema" => new TableUpdate.SetCurrentSchema(json.Int32("schema-id")),
        "add-spec" => new TableUpdate.AddSpec(PartitionSpecJson.Read(json.Object("spec"), assignIds: false)),
        "set-default-spec" => new TableUpdate.SetDefaultSpec(json.Int32("spec-id")),
        "add-sort-order" => new TableUpdate.AddSortOrder(SortOrderJson.Read(json.Object("sort-order"))),
        "set-default-sort-order" => new TableUpdate.SetDefaultSortOrder(json.Int32("sort-order-id")),
        "add-snapshot" => new TableUpdate.AddSnapshot(SnapshotJson.Read(json.Object("snapshot"))),
        "set-snapshot-ref" => new TableUpdate.SetSnapshotRef(json.Text("ref-name"), SnapshotJson.ReadReference(json, "action", "ref-name")),
        "remove-snapshots" => new TableUpdate.RemoveSnapshots(json.Int64s("snapshot-ids")),
        "remove-snapshot-ref" => new TableUpdate.RemoveSnapshotRef(json.Text("ref-name")),
        "set-location" => new TableUpdate.SetLocation(json.Text("location")),
        "set-properties" => new TableUpdate.SetProperties(json.TextMap("updates")),
        "remove-properties" => new TableUpdate.RemoveProperties(json.Texts("removals")),
        "set-statistics" => new TableUpdate.SetStatistics(ReadStatistics(json, "statistics")),
        "remove-statistics" => new TableUpdate.RemoveStatistics(json.Int64("snapshot-id")),
        "set-partition-statistics" => new TableUpdate.SetPartitionStatistics(ReadStatistics(json, "partition-statistics")),
        "remove-partition-statistics" => new TableUpdate.RemovePartitionStatistics(json.Int64("snapshot-id")),
        "add-encryption-key" => new TableUpdate.AddEncryptionKey(ReadKey(json.Object("encryption-key"))),
        "remove-encryption-key" => new TableUpdate.RemoveEncryptionKey(json.Text("key-id")),
        "remove-partition-specs" => new TableUpdate.RemovePartitionSpecs(json.Int32s("spec-ids")),
        "remove-schemas" => new TableUpdate.RemoveSchemas(json.Int32s("schema-ids")),
        var other => throw IcebergException.Unsupported($"{json.Place} has the action '{other}', which is not known here; leave it out, or use a later release of this library."),
    };

    private static void Write(Utf8JsonWriter writer, TableUpdate update)
    {
        switch (update)
        {
            case TableUpdate.AssignUuid assign: Action(writer, "assign-uuid").WriteString("uuid", assign.Uuid); break;
            case TableUpdate.UpgradeFormatVersion upgrade: Action(writer, "upgrade-format-version").WriteNumber("format-version", upgrade.FormatVersion); break;
            case TableUpdate.AddSchema add: WriteObject(writer, "add-schema", "schema", add.Schema, SchemaJson.Write); break;
            case TableUpdate.SetCurrentSchema set: Action(writer, "set-current-schema").WriteNumber("schema-id", set.SchemaId); break;
            case TableUpdate.AddSpec add: WriteObject(writer, "add-spec", "spec", add.Spec, PartitionSpecJson.Write); break;
            case TableUpdate.SetDefaultSpec set: Action(writer, "set-default-spec").WriteNumber("spec-id", set.SpecId); break;
            case TableUpdate.AddSortOrder add: WriteObject(writer, "add-sort-order", "sort-order", add.SortOrder, SortOrderJson.Write); break;
            case TableUpdate.SetDefaultSortOrder set: Action(writer, "set-default-sort-order").WriteNumber("sort-order-id", set.SortOrderId); break;
            case TableUpdate.AddSnapshot add: WriteObject(writer, "add-snapshot", "snapshot", add.Snapshot, SnapshotJson.Write); break;
            case TableUpdate.SetSnapshotRef set:
                Action(writer, "set-snapshot-ref").WriteString("ref-name", set.RefName);
                SnapshotJson.WriteReference(writer, set.Reference);
                break;
            case TableUpdate.RemoveSnapshots remove:
                Action(writer, "remove-snapshots").WriteStartArray("snapshot-ids");
                foreach (var id in remove.SnapshotIds) writer.WriteNumberValue(id);
                writer.WriteEndArray();
                break;
            case TableUpdate.RemoveSnapshotRef remove: Action(writer, "remove-snapshot-ref").WriteString("ref-name", remove.RefName); break;
            case TableUpdate.SetLocation set: Action(writer, "set-location").WriteString("location", set.Location); break;
            case TableUpdate.SetProperties set: Action(writer, "set-properties").WriteMap("updates", set.Updates); break;
            case TableUpdate.RemoveProperties remove:
                Action(writer, "remove-properties").WriteStartArray("removals");
                foreach (var key in remove.Removals) writer.WriteStringValue(key);
                writer.WriteEndArray();
                break;
            case TableUpdate.SetStatistics set: WriteStatistics(writer, "set-statistics", "statistics", set.Statistics); break;
            case TableUpdate.RemoveStatistics remove: Action(writer, "remove-statistics").WriteNumber("snapshot-id", remove.SnapshotId); break;
            case TableUpdate.SetPartitionStatistics set: WriteStatistics(writer, "set-partition-statistics", "partition-statistics", set.PartitionStatistics); break;
            case TableUpdate.RemovePartitionStatistics remove: Action(writer, "remove-partition-statistics").WriteNumber("snapshot-id", remove.SnapshotId); break;
            case TableUpdate.AddEncryptionKey add: WriteObject(writer, "add-encryption-key", "encryption-key", add.EncryptionKey, static (json, key) => json.WriteRawValue(key.Json)); break;
            case TableUpdate.RemoveEncryptionKey remove: Action(writer, "remove-encryption-key").WriteString("key-id", remove.KeyId); break;
            case TableUpdate.RemovePartitionSpecs remove: Action(writer, "remove-partition-specs").WriteNumbers("spec-ids", remove.SpecIds); break;
            case TableUpdate.RemoveSchemas remove: Action(writer, "remove-schemas").WriteNumbers("schema-ids", remove.SchemaIds); break;
            default: throw new ArgumentOutOfRangeException(nameof(update), update, "There is no such update.");
        }
    }

    private static Utf8JsonWriter Action(Utf8JsonWriter writer, string action)
    {
        writer.WriteString("action", action);
        return writer;
    }

    private static void WriteObject<T>(Utf8JsonWriter writer, string action, string name, T value, Action<Utf8JsonWriter, T> write)
    {
        Action(writer, action).WritePropertyName(name);
        write(writer, value);
    }

    private static EncryptionKey ReadKey(JsonObjectReader json) => new(json.Text("key-id"), json.Element.GetRawText());

    private static StatisticsFile ReadStatistics(JsonObjectReader json, string name)
    {
        var file = json.Object(name);
        return new StatisticsFile(file.Int64("snapshot-id"), file.Element.GetRawText());
    }

    private static void WriteStatistics(Utf8JsonWriter writer, string action, string name, StatisticsFile file)
    {
        Action(writer, action).WriteNumber("snapshot-id", file.SnapshotId);
        writer.WritePropertyName(name);
        writer.WriteRawValue(file.Json);
    }
}
