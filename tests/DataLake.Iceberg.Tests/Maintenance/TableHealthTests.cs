using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Testing;

namespace DataLake.Iceberg.Tests.Maintenance;

public sealed class TableHealthTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static readonly DateTimeOffset Now = new(2026, 1, 10, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_of_ten_thousand_files_is_measured_by_its_manifests_alone()
    {
        var table = await LakeTable.CreateAsync(lake, "many", properties: new Dictionary<string, string> { ["write.target-file-size-bytes"] = "1000" });

        // None of these files is there.
        var files = Enumerable.Range(0, 10_000).Select(i => new DataFile { FilePath = $"{table.Location}/data/{i}.parquet", RecordCount = 10, FileSizeInBytes = i % 10 == 0 ? 100 : 900 }).ToList();
        var added = await table.CommitAsync(TableChange.Append(files));
        var deletes = Enumerable.Range(0, 100).Select(i => new DataFile
        {
            FilePath = $"{table.Location}/data/d{i}.parquet", Content = DataFileContent.PositionDeletes, RecordCount = 4, FileSizeInBytes = 50, ReferencedDataFile = files[(i * 10) + 1].FilePath,
        }).ToList();
        var deleted = await table.CommitAsync(TableChange.RowDelta(added.Snapshot.SnapshotId, deletes, [], Isolation.Snapshot));

        var health = await TableHealth.MeasureAsync(lake.Files, deleted.Table, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation);

        (health.DataFiles, health.DataBytes, health.Rows, health.SmallFiles).ShouldBe((10_000, (1000 * 100L) + (9000 * 900L), 100_000, 1000));
        (health.PositionDeleteFiles, health.DeletedPositions, health.DeleteBytes, health.FilesWithDeletes, health.MostDeletesOfAFile, health.EqualityDeleteFiles).ShouldBe((100, 400, 5000, 100, 1, 0));

        // A hundred files lost four rows in ten, and have room for a small one each; ten of the other small ones fill a file.
        (health.CompactionFiles, health.CompactionGroups, health.DeleteMerges).ShouldBe((1100, 190, 1));
        (health.Snapshots, health.Manifests, health.MetadataFiles, health.OldestSnapshot!.Value.ToUnixTimeMilliseconds()).ShouldBe((2, 2, 7, added.Snapshot.TimestampMs));
        health.MetadataBytes.ShouldBe(lake.Files.List($"{table.Location}/metadata").Sum(file => file.File.Bytes));
    }

    [Fact]
    public void What_a_table_needs_follows_from_its_health_and_properties()
    {
        Needs(new TableHealth(), Table()).ShouldBeEmpty();
        Needs(new TableHealth { CompactionGroups = 1, DanglingDeleteFiles = 1 }, Table()).ShouldBe([MaintenanceOperation.Compaction]);
        Needs(new TableHealth { DeleteMerges = 1 }, Table()).ShouldBe([MaintenanceOperation.Compaction]);
        Needs(new TableHealth { DanglingDeleteFiles = 1 }, Table()).ShouldBe([MaintenanceOperation.Compaction]);
        Needs(new TableHealth { Manifests = 60, ManifestBytes = 60_000 }, Table()).ShouldBe([MaintenanceOperation.ManifestRewrite]);
        Needs(new TableHealth { Manifests = 60, ManifestBytes = 60L * 8 << 20 }, Table()).ShouldBeEmpty();
        Needs(new TableHealth { Manifests = 60, ManifestBytes = 60_000 }, Table(("commit.manifest.target-size-bytes", "1000"))).ShouldBeEmpty();

        // Twenty snapshots, a day apart: five days stay unless the table says otherwise.
        Needs(new TableHealth(), Table(20)).ShouldBe([MaintenanceOperation.SnapshotExpiry]);
        Needs(new TableHealth(), Table(20, ("history.expire.max-snapshot-age-ms", $"{15L * 86_400_000}"))).ShouldBeEmpty();
        Needs(new TableHealth(), Table(20, ("history.expire.min-snapshots-to-keep", "15"))).ShouldBeEmpty();
        Needs(new TableHealth(), Table(20, ("history.expire.max-snapshot-age-ms", "no number"))).ShouldBe([MaintenanceOperation.SnapshotExpiry]);
        MaintenanceNeeds.Of(Table(), new TableHealth(), new MaintenanceOptions(), Now, null).Single().Operation.ShouldBe(MaintenanceOperation.OrphanRemoval);
        MaintenanceNeeds.Of(Table(), new TableHealth(), new MaintenanceOptions(), Now, Now.AddHours(-25)).Single().Operation.ShouldBe(MaintenanceOperation.OrphanRemoval);
    }

    [Fact]
    public async Task Expiry_keeps_what_the_properties_of_the_table_say()
    {
        var table = await LakeTable.CreateAsync(lake, "keeps", properties: new Dictionary<string, string> { ["history.expire.min-snapshots-to-keep"] = "3" });
        for (var i = 0; i < 5; i++) await table.CommitAsync(TableChange.Append());
        var expiry = new SnapshotExpiry(lake.Catalog, lake.Files, new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(1)));
        (await expiry.ExpireAsync(table.Identifier, new ExpiryOptions { MaxSnapshotAge = TimeSpan.Zero }, Cancellation)).Table.Metadata.Snapshots.Count.ShouldBe(3);
    }

    [Fact]
    public async Task Positions_that_do_not_fit_into_memory_are_merged_into_several_files()
    {
        var table = await LakeTable.CreateAsync(lake, "parts");
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 6; i++) files.Add(await table.WriteAsync(metadata, [.. Enumerable.Range(0, 100).Select(value => ((long)value, (long)i))]));
        var head = await table.CommitAsync(TableChange.Append(files));
        foreach (var file in files) head = await table.CommitAsync(TableChange.RowDelta(head.Snapshot.SnapshotId, [await table.DeleteAsync(file, 3)], [file]));
        var rows = await table.RowsAsync();

        // Two files of a hundred rows take 25 bytes.
        var outcome = await new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(
            table.Identifier, new CompactionOptions { MaxDeleteFiles = 6, MinFiles = 100, MemoryBytes = 52 }, Cancellation);
        (outcome.RemovedDeleteFiles, outcome.AddedDeleteFiles).ShouldBe((6, 3));
        (await table.RowsAsync()).ShouldBe(rows);
    }

    private static IEnumerable<MaintenanceOperation> Needs(TableHealth health, TableMetadata table) =>
        MaintenanceNeeds.Of(table, health, new MaintenanceOptions(), Now, Now.AddHours(-1)).Select(need => need.Operation);

    private static TableMetadata Table(params IReadOnlyList<(string Key, string Value)> properties) => Table(0, properties);

    private static TableMetadata Table(int days, params IReadOnlyList<(string Key, string Value)> properties)
    {
        var creation = TableMetadataUpdates.Creation(
            Guid.NewGuid(), "file:///lake/t", new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long))), PartitionSpec.Unpartitioned, null, properties.ToDictionary(entry => entry.Key, entry => entry.Value));
        var table = TableMetadataUpdates.Apply(null, creation, new MetadataChange(1, null));
        for (var day = days; day > 0; day--)
        {
            var snapshot = new Snapshot
            {
                SnapshotId = day, ParentSnapshotId = table.CurrentSnapshotId, SequenceNumber = table.NextSequenceNumber, TimestampMs = Now.AddDays(-day).ToUnixTimeMilliseconds(), ManifestList = "file:///lake/t/list",
                Summary = new Dictionary<string, string> { [SnapshotSummary.Operation] = SnapshotSummary.Append },
            };
            table = TableMetadataUpdates.Apply(table, TableMetadataUpdates.Commit(table, snapshot), new MetadataChange(snapshot.TimestampMs, null));
        }

        return table;
    }
}
