using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Tests.Operations;

public sealed class TableReferencesTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TableReferences References => new(lake.Catalog);

    [Fact]
    public async Task Main_goes_back_to_an_ancestor_and_on_from_there()
    {
        var (table, snapshots) = await CreateAsync("rollback");
        var rolledBack = await References.RollBackAsync(table.Identifier, snapshots[0].SnapshotId, force: false, Cancellation);
        (rolledBack.Metadata.CurrentSnapshotId, rolledBack.Metadata.Snapshots.Count).ShouldBe((snapshots[0].SnapshotId, 3));
        (await table.RowsAsync()).ShouldBe([(0, 0)]);

        // Asking twice does no harm, and what comes next follows the snapshot it went back to.
        (await References.RollBackAsync(table.Identifier, snapshots[0].SnapshotId, force: false, Cancellation)).MetadataLocation.ShouldBe(rolledBack.MetadataLocation);
        var next = await table.CommitAsync(TableChange.Append(await table.WriteAsync(rolledBack.Metadata, (9, 9))) with { RunIds = ["run-2"] });
        (next.AlreadyCommitted, next.Snapshot.ParentSnapshotId, next.Snapshot.SequenceNumber).ShouldBe((false, snapshots[0].SnapshotId, 4));
        (await table.RowsAsync()).ShouldBe([(0, 0), (9, 9)]);

        // What it left behind is no ancestor any more.
        var error = await Should.ThrowAsync<IcebergException>(() => References.RollBackAsync(table.Identifier, snapshots[2].SnapshotId, force: false, Cancellation));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        await References.RollBackAsync(table.Identifier, snapshots[2].SnapshotId, force: true, Cancellation);
        (await table.RowsAsync()).ShouldBe([(0, 0), (1, 1), (2, 2)]);
    }

    [Fact]
    public async Task Main_goes_back_to_what_it_was_at_a_time()
    {
        var (table, snapshots) = await CreateAsync("rollback_time");
        await References.RollBackAsync(table.Identifier, DateTimeOffset.FromUnixTimeMilliseconds(snapshots[1].TimestampMs), force: false, Cancellation);
        (await table.LoadAsync()).Metadata.CurrentSnapshotId.ShouldBe(snapshots[1].SnapshotId);
        (await Should.ThrowAsync<IcebergException>(() => References.RollBackAsync(table.Identifier, DateTimeOffset.UnixEpoch, force: false, Cancellation))).Kind.ShouldBe(IcebergErrorKind.NotFound);
        (await Should.ThrowAsync<IcebergException>(() => References.RollBackAsync(table.Identifier, 12345, force: true, Cancellation))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Fact]
    public async Task A_rollback_changes_properties_with_it_and_only_from_where_its_caller_saw_main()
    {
        var (table, snapshots) = await CreateAsync("rollback_properties");
        IReadOnlyList<TableUpdate> updates = [new TableUpdate.SetProperties(new Dictionary<string, string> { ["datalake.run-id"] = "run-1" })];
        (await Should.ThrowAsync<IcebergException>(() => References.RollBackAsync(table.Identifier, snapshots[1].SnapshotId, snapshots[0].SnapshotId, updates, Cancellation))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.LoadAsync()).Metadata.CurrentSnapshotId.ShouldBe(snapshots[2].SnapshotId);

        var back = await References.RollBackAsync(table.Identifier, snapshots[2].SnapshotId, snapshots[1].SnapshotId, updates, Cancellation);
        (back.Metadata.CurrentSnapshotId, back.Metadata.Properties["datalake.run-id"]).ShouldBe((snapshots[1].SnapshotId, "run-1"));

        // Forward again, to what it does not come from: the caller has seen what it does.
        await References.RollBackAsync(table.Identifier, snapshots[1].SnapshotId, snapshots[2].SnapshotId, [], Cancellation);
        (await table.RowsAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_rollback_loses_nothing_that_its_caller_has_not_seen()
    {
        var (table, snapshots) = await CreateAsync("rollback_race");
        var more = await table.WriteAsync((await table.LoadAsync()).Metadata, (3, 3));
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(TableChange.Append(more)).GetAwaiter().GetResult());
        (await Should.ThrowAsync<IcebergException>(() => new TableReferences(catalog).RollBackAsync(table.Identifier, snapshots[0].SnapshotId, force: false, Cancellation))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.RowsAsync()).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Tags_and_branches_are_made_beside_commits_and_dropped()
    {
        var (table, snapshots) = await CreateAsync("references");
        var tag = new SnapshotReference(snapshots[0].SnapshotId, SnapshotReferenceType.Tag) { MaxRefAgeMs = 1000 };
        var more = await table.WriteAsync((await table.LoadAsync()).Metadata, (3, 3));
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(TableChange.Append(more)).GetAwaiter().GetResult());
        await new TableReferences(catalog).CreateAsync(table.Identifier, "first", tag, Cancellation);
        await References.CreateAsync(table.Identifier, "first", tag, Cancellation);
        var made = await References.CreateAsync(table.Identifier, "audit", new SnapshotReference(snapshots[1].SnapshotId, SnapshotReferenceType.Branch), Cancellation);
        made.Metadata.Refs["first"].ShouldBe(tag);
        (await table.RowsAsync(SnapshotSelection.ByReference(made.Metadata, "first"))).ShouldBe([(0, 0)]);
        (await table.RowsAsync()).Count.ShouldBe(4);

        (await Should.ThrowAsync<IcebergException>(() => References.CreateAsync(table.Identifier, "first", tag with { SnapshotId = snapshots[1].SnapshotId }, Cancellation))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        (await Should.ThrowAsync<IcebergException>(() => References.CreateAsync(table.Identifier, "none", tag with { SnapshotId = 5 }, Cancellation))).Kind.ShouldBe(IcebergErrorKind.NotFound);
        (await Should.ThrowAsync<IcebergException>(() => References.DropAsync(table.Identifier, "main", Cancellation))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        await References.DropAsync(table.Identifier, "first", Cancellation);
        (await References.DropAsync(table.Identifier, "first", Cancellation)).Metadata.Refs.Keys.Order().ShouldBe(["audit", "main"]);
    }

    private async Task<(LakeTable Table, List<Snapshot> Snapshots)> CreateAsync(string name)
    {
        var table = await LakeTable.CreateAsync(lake, name);
        var (metadata, snapshots) = ((await table.LoadAsync()).Metadata, new List<Snapshot>());
        for (var i = 0; i < 3; i++)
        {
            snapshots.Add((await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (i, i))) with { RunIds = [$"run-{i}"] })).Snapshot);

            // Snapshots of one millisecond have one time.
            while (DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() <= snapshots[^1].TimestampMs) await Task.Yield();
        }

        return (table, snapshots);
    }
}
