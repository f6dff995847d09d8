using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Updates;
using DataLake.Testing;

namespace DataLake.Iceberg.Tests.Maintenance;

public sealed class MaintenanceTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static readonly ExpiryOptions OnlyNewest = new() { MaxSnapshotAge = TimeSpan.Zero };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ManualTimeProvider Later => new(DateTimeOffset.UtcNow.AddHours(1));

    [Fact]
    public async Task Old_snapshots_go_with_the_files_that_only_they_needed()
    {
        var table = await LakeTable.CreateAsync(lake, "expire");
        var metadata = (await table.LoadAsync()).Metadata;
        var (kept, gone) = (await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2)));
        var first = await table.CommitAsync(TableChange.Append(kept, gone));
        var second = await table.CommitAsync(TableChange.Overwrite(first.Snapshot.SnapshotId, [gone], [await table.WriteAsync(metadata, (3, 3))]));
        await table.CommitAsync(TableChange.RowDelta(second.Snapshot.SnapshotId, [await table.DeleteAsync(kept, 0)], [kept]));

        var outcome = await new SnapshotExpiry(lake.Catalog, lake.Files, Later).ExpireAsync(table.Identifier, OnlyNewest, Cancellation);

        outcome.Snapshots.ShouldBe([first.Snapshot.SnapshotId, second.Snapshot.SnapshotId], ignoreOrder: true);
        outcome.Table.Metadata.Snapshots.Count.ShouldBe(1);
        (await table.RowsAsync()).ShouldBe([(3, 3)]);
        lake.Lake.Exists(lake.Files.PathOf(gone.FilePath)).ShouldBeFalse();
        lake.Lake.Exists(lake.Files.PathOf(kept.FilePath)).ShouldBeTrue();

        // The data file, the manifest that had both files live, and two manifest lists.
        outcome.FilesRemoved.ShouldBe(4);
        (await table.OrphansAsync()).ShouldBeEmpty();
        (await new SnapshotExpiry(lake.Catalog, lake.Files, Later).ExpireAsync(table.Identifier, OnlyNewest, Cancellation)).FilesRemoved.ShouldBe(0);
    }

    [Fact]
    public async Task Snapshots_that_a_tag_or_a_branch_needs_stay()
    {
        var table = await LakeTable.CreateAsync(lake, "tags");
        var metadata = (await table.LoadAsync()).Metadata;
        var outcomes = new List<CommitOutcome>();
        for (var i = 0; i < 5; i++) outcomes.Add(await table.CommitAsync(TableChange.ReplaceAll(await table.WriteAsync(metadata, (i, i)))));
        await lake.Catalog.CommitTableAsync(outcomes[^1].Table, [],
        [
            new TableUpdate.SetSnapshotRef("kept", new SnapshotReference(outcomes[0].Snapshot.SnapshotId, SnapshotReferenceType.Tag)),
            new TableUpdate.SetSnapshotRef("short", new SnapshotReference(outcomes[1].Snapshot.SnapshotId, SnapshotReferenceType.Tag) { MaxRefAgeMs = 1 }),
            new TableUpdate.SetSnapshotRef("main", new SnapshotReference(outcomes[^1].Snapshot.SnapshotId, SnapshotReferenceType.Branch) { MinSnapshotsToKeep = 2 }),
        ], Cancellation);

        var expired = await new SnapshotExpiry(lake.Catalog, lake.Files, Later).ExpireAsync(table.Identifier, OnlyNewest, Cancellation);

        expired.Table.Metadata.Refs.Keys.ShouldBe(["kept", "main"], ignoreOrder: true);
        expired.Table.Metadata.Snapshots.Select(snapshot => snapshot.SnapshotId).ShouldBe([outcomes[0].Snapshot.SnapshotId, outcomes[3].Snapshot.SnapshotId, outcomes[4].Snapshot.SnapshotId]);
        (await table.RowsAsync(SnapshotSelection.ByReference(expired.Table.Metadata, "kept"))).ShouldBe([(0, 0)]);
        (await table.RowsAsync(outcomes[3].Snapshot)).ShouldBe([(3, 3)]);
        (await table.RowsAsync()).ShouldBe([(4, 4)]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_table_keeps_no_more_snapshots_than_it_may_however_young_they_are()
    {
        var table = await LakeTable.CreateAsync(lake, "many");
        var metadata = (await table.LoadAsync()).Metadata;
        for (var i = 0; i < 5; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (i, i))));
        var expired = await new SnapshotExpiry(lake.Catalog, lake.Files, TimeProvider.System).ExpireAsync(table.Identifier, new ExpiryOptions { MaxSnapshotsToKeep = 2 }, Cancellation);
        expired.Table.Metadata.Snapshots.Select(snapshot => snapshot.SequenceNumber).ShouldBe([4, 5]);
        (await table.RowsAsync()).Count.ShouldBe(5);
    }

    [Fact]
    public async Task Files_outside_the_tables_folder_are_left_to_their_owner()
    {
        var table = await LakeTable.CreateAsync(lake, "in_place");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1));
        var raw = lake.Files.LocationOf("raw/in_place/part-1.parquet");
        await lake.Files.WriteAllAsync(raw, await lake.Files.ReadAllAsync(file.FilePath, 1 << 20, Cancellation), Cancellation);
        await table.CommitAsync(TableChange.Append(file with { FilePath = raw }));
        await table.CommitAsync(TableChange.ReplaceAll());
        (await new SnapshotExpiry(lake.Catalog, lake.Files, Later).ExpireAsync(table.Identifier, OnlyNewest, Cancellation)).Snapshots.Count.ShouldBe(1);
        lake.Lake.Exists(lake.Files.PathOf(raw)).ShouldBeTrue();
    }

    [Fact]
    public async Task Orphans_go_after_their_grace_time_and_nothing_else_does()
    {
        var table = await LakeTable.CreateAsync(lake, "orphans");
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))));
        var orphan = await table.WriteAsync(metadata, (3, 3));
        await lake.Files.WriteAllAsync($"{table.Location}/metadata/lost.avro", new byte[3], Cancellation);

        var orphans = new OrphanFiles(lake.Catalog, lake.Files, Later);
        (await orphans.RemoveAsync(table.Identifier, TimeSpan.FromHours(2), Cancellation)).ShouldBe(0);
        lake.Lake.Exists(lake.Files.PathOf(orphan.FilePath)).ShouldBeTrue();
        (await orphans.RemoveAsync(table.Identifier, TimeSpan.FromMinutes(30), Cancellation)).ShouldBe(2);
        lake.Lake.Exists(lake.Files.PathOf(orphan.FilePath)).ShouldBeFalse();
        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 2)]);
        (await table.RowsAsync(first.Snapshot)).ShouldBe([(1, 1)]);
    }

    [Fact]
    public async Task Nothing_is_removed_when_a_manifest_of_the_table_cannot_be_read()
    {
        var table = await LakeTable.CreateAsync(lake, "unreadable");
        var metadata = (await table.LoadAsync()).Metadata;
        var outcome = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        var orphan = await table.WriteAsync(metadata, (3, 3));
        lake.Files.Delete((await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Single().ManifestPath);
        await Should.ThrowAsync<IcebergException>(() => new OrphanFiles(lake.Catalog, lake.Files, Later).RemoveAsync(table.Identifier, TimeSpan.Zero, Cancellation));
        lake.Lake.Exists(lake.Files.PathOf(orphan.FilePath)).ShouldBeTrue();
    }

    [Fact]
    public async Task Manifests_are_rewritten_into_one_with_the_same_files()
    {
        var table = await LakeTable.CreateAsync(lake, "rewrite");
        var metadata = (await table.LoadAsync()).Metadata;
        for (var i = 0; i < 5; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (i, i))));
        var outcome = await table.CommitAsync(TableChange.RewriteManifests());
        (await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Single().ExistingFilesCount.ShouldBe(5);
        (outcome.Snapshot.Operation, outcome.Snapshot.Summary["total-records"]).ShouldBe(("replace", "5"));
        (await table.RowsAsync()).Count.ShouldBe(5);
    }
}
