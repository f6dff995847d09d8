using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Metadata;

/// <summary>Writes table metadata of version 2 and 3.</summary>
internal static class TableMetadataWriter
{
    public static void Write(Utf8JsonWriter writer, TableMetadata table)
    {
        writer.WriteStartObject();
        writer.WriteNumber("format-version", table.FormatVersion);
        writer.WriteString("table-uuid", table.TableUuid!.Value);
        writer.WriteString("location", table.Location);
        writer.WriteNumber("last-sequence-number", table.LastSequenceNumber);
        writer.WriteNumber("last-updated-ms", table.LastUpdatedMs);
        writer.WriteNumber("last-column-id", table.LastColumnId);
        writer.WriteNumber("current-schema-id", table.CurrentSchemaId);
        WriteList(writer, "schemas", table.Schemas, SchemaJson.Write);
        writer.WriteNumber("default-spec-id", table.DefaultSpecId);
        WriteList(writer, "partition-specs", table.PartitionSpecs, PartitionSpecJson.Write);
        writer.WriteNumber("last-partition-id", table.LastPartitionId);
        writer.WriteNumber("default-sort-order-id", table.DefaultSortOrderId);
        WriteList(writer, "sort-orders", table.SortOrders, SortOrderJson.Write);
        writer.WriteMap("properties", table.Properties);
        if (table.HasRowLineage) writer.WriteNumber("next-row-id", table.NextRowId);
        if (table.EncryptionKeys.Count > 0) WriteList(writer, "encryption-keys", table.EncryptionKeys, static (json, key) => json.WriteRawValue(key.Json));
        if (table.CurrentSnapshotId is { } current) writer.WriteNumber("current-snapshot-id", current);
        WriteRefs(writer, table.Refs);
        WriteList(writer, "snapshots", table.Snapshots, SnapshotJson.Write);
        WriteList(writer, "statistics", table.Statistics, static (json, file) => json.WriteRawValue(file.Json));
        WriteList(writer, "partition-statistics", table.PartitionStatistics, static (json, file) => json.WriteRawValue(file.Json));
        WriteList(writer, "snapshot-log", table.SnapshotLog, static (json, entry) =>
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp-ms", entry.TimestampMs);
            json.WriteNumber("snapshot-id", entry.SnapshotId);
            json.WriteEndObject();
        });
        WriteList(writer, "metadata-log", table.MetadataLog, static (json, entry) =>
        {
            json.WriteStartObject();
            json.WriteNumber("timestamp-ms", entry.TimestampMs);
            json.WriteString("metadata-file", entry.MetadataFile);
            json.WriteEndObject();
        });
        table.Unknown.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static void WriteRefs(Utf8JsonWriter writer, IReadOnlyDictionary<string, SnapshotReference> refs)
    {
        writer.WriteStartObject("refs");
        foreach (var (name, reference) in refs.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            writer.WriteStartObject(name);
            SnapshotJson.WriteReference(writer, reference);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    private static void WriteList<T>(Utf8JsonWriter writer, string name, IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray(name);
        foreach (var item in items) write(writer, item);
        writer.WriteEndArray();
    }
}
