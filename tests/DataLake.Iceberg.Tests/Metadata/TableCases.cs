using System.Text;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Metadata;

/// <summary>Tables that the tests of metadata and updates share.</summary>
internal static class TableCases
{
    public static readonly Guid Uuid = new("fb072c92-a02b-11e9-ae9c-1bb7bc9eca94");

    public static Schema Events { get; } = new(
        StructType.Of(
            NestedField.Mandatory(1, "id", PrimitiveType.Long),
            NestedField.Optional(2, "ts", PrimitiveType.Timestamptz, "when"),
            NestedField.Optional(3, "region", PrimitiveType.String)),
        identifierFieldIds: [1]);

    public static PartitionSpec ByDay { get; } = new(0, [PartitionField.Of(2, "ts_day", Transform.Day), PartitionField.Of(1, "id_bucket", Transform.Bucket(16))]);

    public static SortOrder ById { get; } = new(1, [new SortField(1, Transform.Identity, SortDirection.Ascending, NullOrder.NullsFirst), new SortField(3, Transform.Bucket(4), SortDirection.Descending, NullOrder.NullsLast)]);

    public static TableMetadata New(int version = 2) => TableMetadataUpdates.Apply(
        null, TableMetadataUpdates.Creation(Uuid, "s3://b/wh/data.db/table", Events, ByDay, ById, new Dictionary<string, string> { ["owner"] = "us" }, version), new MetadataChange(1000, null));

    public static Snapshot Snapshot(TableMetadata table, long id, long at = 2000, string operation = "append") => new()
    {
        SnapshotId = id,
        ParentSnapshotId = table.CurrentSnapshotId,
        SequenceNumber = table.NextSequenceNumber,
        TimestampMs = at,
        ManifestList = $"s3://b/wh/data.db/table/metadata/snap-{id}.avro",
        Summary = new Dictionary<string, string> { ["added-records"] = "1", ["operation"] = operation },
        SchemaId = table.CurrentSchemaId,
        FirstRowId = table.HasRowLineage ? table.NextRowId : null,
        AddedRows = table.HasRowLineage ? 10 : null,
    };

    public static TableMetadata Commit(TableMetadata table, long id, long at = 2000, string? file = null) =>
        TableMetadataUpdates.Apply(table, TableMetadataUpdates.Commit(table, Snapshot(table, id, at)), new MetadataChange(at, file));

    public static TableMetadata Apply(TableMetadata table, params TableUpdate[] updates) => TableMetadataUpdates.Apply(table, updates, new MetadataChange(5000, null));

    public static string JsonOf(TableMetadata table) => Encoding.UTF8.GetString(TableMetadataJson.ToUtf8(table));

    public static TableMetadata Parse(string json) => TableMetadataJson.Parse(Encoding.UTF8.GetBytes(json));
}
