using DataLake.CatalogUpdater.Commits;
using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Services.Tests.Hosting;
using DataLake.Storage;
using DataLake.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DataLake.Services.Tests.CatalogUpdater;

public sealed class RunCommitTests(TestPostgres postgres)
{
    [Fact]
    public async Task A_message_that_comes_before_its_turn_is_made_good_by_the_one_before_it()
    {
        await using var lake = await PlannedAsync(hours: 3);
        var runs = await lake.AllRunsAsync();
        var commit = lake.Services.GetRequiredService<RunCommit>();

        await Extract(lake, runs[2]);
        (await commit.CommitAsync(runs[2].Id, CancellationToken.None)).ShouldBeEmpty();
        await Extract(lake, runs[1]);
        (await commit.CommitAsync(runs[1].Id, CancellationToken.None)).ShouldBeEmpty();
        await Extract(lake, runs[0]);
        (await commit.CommitAsync(runs[2].Id, CancellationToken.None)).Select(run => run.Id).ShouldBe(runs.Select(run => run.Id)); // Any message will do.
        (await commit.CommitAsync(runs[0].Id, CancellationToken.None)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_updaters_commit_each_run_once()
    {
        await using var lake = await PlannedAsync(hours: 8);
        var runs = await lake.AllRunsAsync();
        foreach (var run in runs)
        {
            await Extract(lake, run);
        }

        var commit = lake.Services.GetRequiredService<RunCommit>();
        var committed = await Task.WhenAll(runs.Concat(runs).Select(run => Task.Run(() => commit.CommitAsync(run.Id, CancellationToken.None))));
        committed.Sum(part => part.Count).ShouldBe(8);
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([4, 5, 6, 7, 8, 9, 10, 11]);
    }

    [Fact]
    public async Task A_run_whose_definition_is_not_understood_is_refused_and_told_of()
    {
        await using var lake = await PlannedAsync(hours: 1);
        var run = await lake.OnlyRunAsync();
        await Extract(lake, run);
        await lake.StopAsync(); // What it has parsed is forgotten with the process.
        await lake.Ledger.ExecuteAsync("UPDATE datalake.definitions SET text = 'pipeline: test'");
        await lake.StartAsync();

        (await lake.Services.GetRequiredService<RunCommit>().CommitAsync(run.Id, CancellationToken.None)).ShouldBeEmpty();
        var refused = await lake.OnlyRunAsync();
        (refused.Status, refused.Error!.Contains("is not understood by this version", StringComparison.Ordinal)).ShouldBe((RunStatus.Failed, true));
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed]);
    }

    [Fact]
    public async Task A_ledger_that_breaks_off_is_no_reason_to_refuse_a_run()
    {
        await using var lake = await PlannedAsync(hours: 1);
        var run = await lake.OnlyRunAsync();
        await Extract(lake, run);
        await lake.StopAsync();
        await lake.StartAsync();
        await lake.OnlyRunAsync();
        await lake.Ledger.ExecuteAsync("ALTER TABLE datalake.definitions RENAME TO away");
        await Should.ThrowAsync<Exception>(() => lake.Services.GetRequiredService<RunCommit>().CommitAsync(run.Id, CancellationToken.None));
        await lake.Ledger.ExecuteAsync("ALTER TABLE datalake.away RENAME TO definitions");

        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Extracted);
        (await lake.Services.GetRequiredService<RunCommit>().CommitAsync(run.Id, CancellationToken.None)).Count.ShouldBe(1);
    }

    private static async Task Extract(LakeSystem lake, Run run)
    {
        var claims = lake.Services.GetRequiredService<RunClaims>();
        var claimed = (await claims.ClaimAsync(run.Id, "worker", TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldNotBeNull();
        var file = await LakeRows.WriteAsync(lake.Services.GetRequiredService<LakeDirectory>(), claimed, run.WindowFrom.Hour);
        await claims.RecordExtractedAsync(run.Id, claimed.Attempt, new RunReceipt([file], null), CancellationToken.None);
    }

    /// <summary>A system whose runs are planned, and whose messages reach nobody.</summary>
    private async Task<LakeSystem> PlannedAsync(int hours)
    {
        var lake = await LakeSystem.CreateAsync(postgres);
        lake.Define($" - {{ table: items, cursor: at, window: 1h, start: {LakeSystem.Noon.AddHours(-hours):yyyy-MM-ddTHH:mm:ss}Z }}");
        await lake.StartAsync();
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        return lake;
    }
}
