using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>Tables whose columns and partitions changed: what was written before still plans, leaves and merges. No data file is opened here, so there is none.</summary>
public sealed class EvolvedTableTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Partitions_of_a_promoted_column_are_the_same_before_and_after()
    {
        var table = await CreateAsync("promoted", Transform.Identity);
        await CommitAsync(table, TableChange.Append(File("old-7", IcebergValue.Int(7)), File("old-8", IcebergValue.Int(8))));
        await CommitAsync(table, TableChange.Append(File("new-7", IcebergValue.Long(7))) with { Updates = SchemaOf(PrimitiveType.Long) });

        (await PlanAsync(table, ColumnPredicate.Equal(2, IcebergValue.Long(7)))).Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(["new-7", "old-7"]);

        // A delete file that was written after the promotion is in the partition of the file from before it.
        await CommitAsync(table, TableChange.RowDelta(
            (await LoadAsync(table)).Metadata.CurrentSnapshotId, [File("delete", IcebergValue.Long(7)) with { Content = DataFileContent.PositionDeletes }], [File("old-7", IcebergValue.Int(7))]));
        (await PlanAsync(table)).Where(file => file.Deletes.Count > 0).Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(["new-7", "old-7"]);

        // Manifests of both types become one of the type of today.
        await CommitAsync(table, TableChange.RewriteManifests());
        var merged = await PlanAsync(table, ColumnPredicate.In(2, [IcebergValue.Long(8)]));
        merged.Single().Data.DataFile.Partition[0].ShouldBe(IcebergValue.Long(8));
        await CommitAsync(table, TableChange.Overwrite((await LoadAsync(table)).Metadata.CurrentSnapshotId, [File("old-8", IcebergValue.Int(8))], []));
        (await PlanAsync(table)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Files_of_a_partition_column_that_was_dropped_can_still_leave_and_be_listed_anew()
    {
        var table = await CreateAsync("dropped", Transform.Identity);
        await CommitAsync(table, TableChange.Append(File("one", IcebergValue.Int(1)), File("two", IcebergValue.Int(2))));
        var last = await CommitAsync(table, TableChange.Append(File("three", IcebergValue.Int(3))));
        var only = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long)));
        await CommitAsync(table, TableChange.Append(File("four") with { PartitionSpecId = 1 }) with
        {
            Updates = [new TableUpdate.AddSpec(PartitionSpec.Unpartitioned), new TableUpdate.SetDefaultSpec(TableUpdate.LastAdded), new TableUpdate.AddSchema(only), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)],
        });

        await CommitAsync(table, TableChange.Overwrite(last.Snapshot.SnapshotId, [File("two", IcebergValue.Int(2))], [], Isolation.Snapshot));
        await CommitAsync(table, TableChange.RewriteManifests());
        var files = await PlanAsync(table);
        files.Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(["four", "one", "three"]);
        files.Single(file => file.Data.DataFile.FilePath == "one").Data.DataFile.Partition[0].ShouldBe(IcebergValue.Int(1));
    }

    [Fact]
    public async Task Files_of_several_specs_in_one_change_stand_in_manifests_of_their_own()
    {
        var table = await CreateAsync("specs", Transform.Bucket(4));
        var outcome = await CommitAsync(table, TableChange.Append(File("a", IcebergValue.Int(1)), File("b") with { PartitionSpecId = 1 }) with { Updates = [new TableUpdate.AddSpec(PartitionSpec.Unpartitioned)] });
        (await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Select(manifest => manifest.PartitionSpecId).Order().ShouldBe([0, 1]);
        outcome.Snapshot.Summary["changed-partition-count"].ShouldBe("2");
        var bucket = Transform.Bucket(4).Apply(IcebergValue.Int(5)).AsInt();
        (await PlanAsync(table, ColumnPredicate.Equal(2, IcebergValue.Int(5)))).Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(bucket == 1 ? ["a", "b"] : ["b"]);
    }

    [Fact]
    public async Task Manifests_that_version_1_never_counted_are_counted_by_the_first_commit()
    {
        var table = await CreateAsync("version_1", Transform.Identity);
        await CommitAsync(table, TableChange.Append(File("one", IcebergValue.Int(1))));
        await CommitAsync(table, TableChange.Append(File("two", IcebergValue.Int(2))));
        var merged = await CommitAsync(table, TableChange.RewriteManifests());
        var manifest = (await new SnapshotReader(lake.Files).ManifestsAsync(merged.Snapshot, Cancellation)).Single();

        // What an upgrade leaves: a snapshot without a manifest list, a sequence number and a summary.
        var old = new Snapshot { SnapshotId = 1, TimestampMs = 1, Manifests = [manifest.ManifestPath] };
        var upgraded = merged.Table.Metadata with
        {
            Snapshots = [old], CurrentSnapshotId = 1, SnapshotLog = [], Refs = new Dictionary<string, SnapshotReference> { ["main"] = new(1, SnapshotReferenceType.Branch) },
        };
        var location = await new MetadataFiles(lake.Files).WriteAsync(upgraded, merged.Table.MetadataLocation, Cancellation);
        await lake.Database.ExecuteAsync($"UPDATE iceberg.iceberg_tables SET metadata_location = '{location}' WHERE table_name = 'version_1'", Cancellation);
        (await PlanAsync(table)).Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(["one", "two"]);

        var outcome = await CommitAsync(table, TableChange.Append(File("three", IcebergValue.Int(3))));

        (await PlanAsync(table)).Select(file => file.Data.DataFile.FilePath).Order().ShouldBe(["one", "three", "two"]);
        (await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Sum(counted => counted.ExistingFilesCount!.Value).ShouldBe(2);
        outcome.Snapshot.Summary.Keys.ShouldNotContain("total-records");
    }

    private static IReadOnlyList<TableUpdate> SchemaOf(PrimitiveType type) =>
    [
        new TableUpdate.AddSchema(new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "part", type)))), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded),
    ];

    private static DataFile File(string path, params IcebergValue[] partition) => new() { FilePath = path, Partition = new PartitionTuple(partition), RecordCount = 1, FileSizeInBytes = 1 };

    private async Task<TableIdentifier> CreateAsync(string name, Transform transform)
    {
        var identifier = new TableIdentifier("evolved", name);
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "part", PrimitiveType.Int)));
        var spec = new PartitionSpec(0, [PartitionField.Of(2, "by_part", transform)]);
        await lake.Catalog.CreateTableAsync(identifier, TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf($"conformed/evolved/{name}"), schema, spec), Cancellation);
        return identifier;
    }

    private async Task<CatalogTable> LoadAsync(TableIdentifier table) => (await lake.Catalog.LoadTableAsync(table, Cancellation))!;

    private Task<CommitOutcome> CommitAsync(TableIdentifier table, TableChange change) => new TableCommitter(lake.Catalog, lake.Files, TimeProvider.System).CommitAsync(table, change, Cancellation);

    private async Task<List<ScanFile>> PlanAsync(TableIdentifier table, params IReadOnlyList<ColumnPredicate> predicates)
    {
        var loaded = (await LoadAsync(table)).Metadata;
        return await new ScanPlanner(lake.Files).PlanAsync(loaded, loaded.CurrentSnapshot, new FileFilter(loaded, predicates), cancellation: Cancellation).ToListAsync(Cancellation);
    }
}
