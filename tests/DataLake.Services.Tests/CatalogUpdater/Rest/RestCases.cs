using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>Tables and commits that the tests of the REST protocol share.</summary>
internal static class RestCases
{
    public static readonly TableIdentifier Orders = new("sales", "orders");

    /// <summary>Its field ids are not those that a catalog would give by itself.</summary>
    public static Schema Schema { get; } = new(StructType.Of(NestedField.Mandatory(3, "id", PrimitiveType.Long), NestedField.Optional(7, "name", PrimitiveType.String)));

    public static IReadOnlyList<TableUpdate> Creation => TableMetadataUpdates.Creation(
        Guid.NewGuid(), "file:///lake/orders", Schema, properties: new Dictionary<string, string> { ["owner"] = "us" });

    public static Snapshot Snapshot(TableMetadata table, long id) => new()
    {
        SnapshotId = id, ParentSnapshotId = table.CurrentSnapshotId, SequenceNumber = table.NextSequenceNumber, TimestampMs = 5000, SchemaId = table.CurrentSchemaId,
        ManifestList = $"file:///lake/orders/metadata/snap-{id}.avro", Summary = new Dictionary<string, string> { [SnapshotSummary.Operation] = "append" },
    };

    /// <summary>Commits a snapshot on top of what was loaded.</summary>
    public static Task<CatalogTable> AppendAsync(ICatalog catalog, CatalogTable table, long id) => catalog.CommitTableAsync(
        table, [new TableRequirement.AssertTableUuid(table.Metadata.TableUuid!.Value), new TableRequirement.AssertRefSnapshotId("main", table.Metadata.CurrentSnapshotId)],
        TableMetadataUpdates.Commit(table.Metadata, Snapshot(table.Metadata, id)), CancellationToken.None);
}
