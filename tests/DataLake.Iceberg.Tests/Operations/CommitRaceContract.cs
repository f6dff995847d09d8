using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Tests.Catalogs;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>What committing among other writers, and over ways that break, comes to in every catalog.</summary>
public abstract class CommitRaceContract(ILake lake)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writers_that_race_all_commit_and_leave_nothing_behind()
    {
        const int writers = 4, each = 5;
        var table = await LakeTable.CreateAsync(lake, "race");
        var metadata = (await table.LoadAsync()).Metadata;
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            var commits = new TableCommitter(lake.Catalog, lake.Files, TimeProvider.System, new CommitOptions { MaxAttempts = 1000, LongestDelay = TimeSpan.FromMilliseconds(50) });
            for (var i = 0; i < each; i++)
                await commits.CommitAsync(table.Identifier, TableChange.Append(await table.WriteAsync(metadata, ((writer * 100) + i, i))) with { RunIds = [$"{writer}-{i}"] }, Cancellation);
        })));
        (await table.RowsAsync()).Select(row => row.Id).ShouldBe(Enumerable.Range(0, writers).SelectMany(writer => Enumerable.Range(0, each).Select(i => (long)((writer * 100) + i))));
        var loaded = (await table.LoadAsync()).Metadata;
        loaded.Snapshots.Count.ShouldBe(writers * each);
        loaded.CurrentSnapshot!.Summary["total-records"].ShouldBe("20");
        loaded.Snapshots.Select(snapshot => snapshot.SequenceNumber).ShouldBe(Enumerable.Range(1, writers * each).Select(number => (long)number));
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_workers_with_the_same_run_commit_it_once()
    {
        var table = await LakeTable.CreateAsync(lake, "same_run");
        var change = TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1))) with { RunIds = ["the run"] };
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => table.CommitAsync(change))));
        outcomes.Count(outcome => !outcome.AlreadyCommitted).ShouldBe(1);
        outcomes.Select(outcome => outcome.Snapshot.SnapshotId).Distinct().Count().ShouldBe(1);
        (await table.RowsAsync()).ShouldBe([(1, 1)]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Removals_that_race_with_appends_are_made_on_what_the_table_is_then()
    {
        var table = await LakeTable.CreateAsync(lake, "removals");
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 4; i++) files.Add(await table.WriteAsync(metadata, (i, i)));
        var before = await table.CommitAsync(TableChange.Append(files));
        var changes = files.Take(3).Select(file => TableChange.Overwrite(before.Snapshot.SnapshotId, [file], [], Isolation.Snapshot)).Append(TableChange.Append(await table.WriteAsync(metadata, (9, 9))));
        await Task.WhenAll(changes.Select(change => Task.Run(() => table.CommitAsync(change))));
        (await table.RowsAsync()).ShouldBe([(3, 3), (9, 9)]);
        (await table.LoadAsync()).Metadata.CurrentSnapshot!.Summary["total-data-files"].ShouldBe("2");
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(Loss.Answer)]
    [InlineData(Loss.Request)]
    public async Task A_commit_whose_connection_is_lost_is_looked_up_and_made_once(Loss loss)
    {
        var table = await LakeTable.CreateAsync(lake, loss == Loss.Answer ? "lost_answer" : "lost_request");
        await using var way = lake.OpenLossy();
        var catalog = new InterruptedCatalog(way.Catalog, () => way.LoseNext(loss));
        var change = TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1)));
        var outcome = await new TableCommitter(catalog, lake.Files, TimeProvider.System).CommitAsync(table.Identifier, change, Cancellation);
        outcome.AlreadyCommitted.ShouldBeFalse();
        catalog.Commits.ShouldBe(loss == Loss.Answer ? 1 : 2);
        (await table.LoadAsync()).Metadata.CurrentSnapshotId.ShouldBe(outcome.Snapshot.SnapshotId);
        (await table.RowsAsync()).ShouldBe([(1, 1)]);

        // Of the attempt that never arrived only the metadata file is left, which the catalog had to keep.
        (await table.OrphansAsync()).Count.ShouldBe(loss == Loss.Answer ? 0 : 1);
        (await table.OrphansAsync()).ShouldAllBe(location => location.EndsWith(".metadata.json"));
    }

    [Fact]
    public async Task A_commit_that_cannot_be_looked_up_keeps_its_files_and_the_run_finds_it_later()
    {
        var table = await LakeTable.CreateAsync(lake, "unknown");
        await using var way = lake.OpenLossy();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var catalog = new InterruptedCatalog(way.Catalog, () =>
        {
            way.LoseNext(Loss.Answer);
            stop.CancelAfter(0);
        }, stopAfter: true);
        var change = TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1))) with { RunIds = ["unknown"] };
        var error = await Should.ThrowAsync<IcebergException>(() => new TableCommitter(catalog, lake.Files, TimeProvider.System).CommitAsync(table.Identifier, change, stop.Token));
        error.Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        (await table.RowsAsync()).ShouldBe([(1, 1)]);
        (await table.CommitAsync(change)).AlreadyCommitted.ShouldBeTrue();
        (await table.RowsAsync()).ShouldBe([(1, 1)]);
    }

    [Fact]
    public async Task A_commit_that_is_always_late_gives_up_with_the_conflict_and_removes_its_files()
    {
        var table = await LakeTable.CreateAsync(lake, "late");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1));
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(TableChange.Append()).GetAwaiter().GetResult(), always: true);
        var commits = new TableCommitter(catalog, lake.Files, TimeProvider.System, new CommitOptions { MaxAttempts = 3, LongestDelay = TimeSpan.FromMilliseconds(1) });
        var error = await Should.ThrowAsync<IcebergException>(() => commits.CommitAsync(table.Identifier, TableChange.Append(file), Cancellation));
        (error.Kind, catalog.Commits).ShouldBe((IcebergErrorKind.CommitConflict, 3));
        (await table.OrphansAsync()).ShouldBe([file.FilePath]);
    }
}
