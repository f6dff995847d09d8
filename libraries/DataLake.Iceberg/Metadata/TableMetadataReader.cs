using DataLake.Iceberg.Json;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Metadata;

/// <summary>Reads table metadata of version 1 to 3 (for version 1 see <see href="https://iceberg.apache.org/spec/#version-2">Appendix E, Version 2</see>).</summary>
internal static class TableMetadataReader
{
    private static readonly string[] Known =
    [
        "format-version", "table-uuid", "location", "last-sequence-number", "last-updated-ms", "last-column-id", "schema", "schemas", "current-schema-id", "partition-spec",
        "partition-specs", "default-spec-id", "last-partition-id", "properties", "current-snapshot-id", "snapshots", "snapshot-log", "metadata-log", "sort-orders",
        "default-sort-order-id", "refs", "statistics", "partition-statistics", "next-row-id", "encryption-keys",
    ];

    public static TableMetadata Read(JsonObjectReader json)
    {
        var version = json.Int32("format-version");
        if (version is < 1 or > TableMetadata.HighestFormatVersion)
        {
            throw IcebergException.Unsupported(
                $"The table is of format version {version}, and this library reads 1 to {TableMetadata.HighestFormatVersion}. Use an engine that reads version {version}, or write the table anew with an earlier one.");
        }

        var (schemas, currentSchemaId) = Schemas(json, version);
        var (specs, defaultSpecId) = Specs(json, version);
        var (orders, defaultOrderId) = Orders(json, version);
        var currentSnapshotId = json.OptionalInt64("current-snapshot-id") is { } current && current != -1 ? current : (long?)null;
        var table = new TableMetadata
        {
            FormatVersion = version,
            TableUuid = version > 1 || json.Has("table-uuid") ? json.Uuid("table-uuid") : null,
            Location = json.Text("location"),
            LastSequenceNumber = version > 1 ? json.Int64("last-sequence-number") : 0,
            LastUpdatedMs = json.Int64("last-updated-ms"),
            LastColumnId = json.Int32("last-column-id"),
            Schemas = schemas,
            CurrentSchemaId = currentSchemaId,
            PartitionSpecs = specs,
            DefaultSpecId = defaultSpecId,
            LastPartitionId = version > 1 ? json.Int32("last-partition-id") : json.OptionalInt32("last-partition-id") ?? specs.Max(spec => spec.HighestFieldId),
            SortOrders = orders,
            DefaultSortOrderId = defaultOrderId,
            Properties = json.TextMap("properties"),
            CurrentSnapshotId = currentSnapshotId,
            Snapshots = [.. json.OptionalObjects("snapshots").Select(SnapshotJson.Read)],
            SnapshotLog = [.. json.OptionalObjects("snapshot-log").Select(entry => new SnapshotLogEntry(entry.Int64("timestamp-ms"), entry.Int64("snapshot-id")))],
            MetadataLog = [.. json.OptionalObjects("metadata-log").Select(entry => new MetadataLogEntry(entry.Int64("timestamp-ms"), entry.Text("metadata-file")))],
            Refs = Refs(json, currentSnapshotId),
            Statistics = Statistics(json, "statistics"),
            PartitionStatistics = Statistics(json, "partition-statistics"),
            NextRowId = version >= TableMetadata.RowLineageFormatVersion ? json.Int64("next-row-id") : 0,
            EncryptionKeys = [.. json.OptionalObjects("encryption-keys").Select(key => new EncryptionKey(key.Text("key-id"), key.Element.GetRawText()))],
            Unknown = json.Others(Known),
        };
        return TableMetadataRules.Fault(table) is { } fault
            ? throw IcebergException.Corrupt($"The table metadata contradicts itself: {fault}. Read an earlier metadata file, or let its writer correct it.")
            : table;
    }

    private static (IReadOnlyList<Schema> Schemas, int Current) Schemas(JsonObjectReader json, int version)
    {
        if (version > 1 || json.Has("schemas"))
        {
            IReadOnlyList<Schema> schemas = [.. json.Objects("schemas").Select(SchemaJson.Read)];
            return (schemas.Count > 0 ? schemas : throw json.Fault("schemas", "is empty"), json.Int32("current-schema-id"));
        }

        var schema = SchemaJson.Read(json.Object("schema"));
        return ([schema], schema.SchemaId);
    }

    private static (IReadOnlyList<PartitionSpec> Specs, int Default) Specs(JsonObjectReader json, int version)
    {
        if (version > 1 || json.Has("partition-specs"))
        {
            // Only version 1 left field ids out.
            IReadOnlyList<PartitionSpec> specs = [.. json.Objects("partition-specs").Select(spec => PartitionSpecJson.Read(spec, assignIds: version == 1))];
            return (specs.Count > 0 ? specs : throw json.Fault("partition-specs", "is empty"), json.Int32("default-spec-id"));
        }

        return ([new PartitionSpec(0, PartitionSpecJson.ReadFields(json.Objects("partition-spec"), assignIds: true))], 0);
    }

    private static (IReadOnlyList<SortOrder> Orders, int Default) Orders(JsonObjectReader json, int version) => version > 1 || json.Has("sort-orders")
        ? ([.. json.Objects("sort-orders").Select(SortOrderJson.Read)], json.Int32("default-sort-order-id"))
        : ([SortOrder.Unsorted], 0);

    private static Dictionary<string, SnapshotReference> Refs(JsonObjectReader json, long? currentSnapshotId)
    {
        var refs = new Dictionary<string, SnapshotReference>(StringComparer.Ordinal);
        if (json.Has("refs"))
        {
            var map = json.Object("refs");
            foreach (var property in map.Element.EnumerateObject()) refs[property.Name] = SnapshotJson.ReadReference(map.Object(property.Name));
        }

        // There is always a main branch at the current snapshot, also where no refs were written.
        if (currentSnapshotId is { } current) refs.TryAdd(SnapshotReference.Main, new SnapshotReference(current, SnapshotReferenceType.Branch));
        return refs;
    }

    private static IReadOnlyList<StatisticsFile> Statistics(JsonObjectReader json, string name) =>
        [.. json.OptionalObjects(name).Select(file => new StatisticsFile(file.Int64("snapshot-id"), file.Element.GetRawText()))];
}
