using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;

namespace DataLake.Services.Tests.Ledger;

public sealed class TableCommitTests(LedgerTestDatabase database) : IClassFixture<LedgerTestDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_that_is_noted_ten_times_at_once_is_committed_once()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 5, 6);

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ledger.Commits.MarkCommittedAsync([run.Id], 77, announce: true, Cancellation))));

        results.Sum(result => result.Count).ShouldBe(1);
        (await ledger.FindAsync(run)).SnapshotId.ShouldBe(77);
        (await ledger.NoticesAsync()).ShouldHaveSingleItem().Event.ShouldBe(NoticeEvent.Succeeded);
    }

    [Fact]
    public async Task One_updater_at_a_time_has_the_turn_of_a_table()
    {
        var ledger = await TestLedger.OfAsync(database);
        await using (await ledger.Commits.TryTakeTurnAsync(ledger.Pipeline, TestLedger.Table, Cancellation))
        {
            (await ledger.Commits.TryTakeTurnAsync(ledger.Pipeline, TestLedger.Table, Cancellation)).ShouldBeNull();
            (await ledger.Commits.TurnHolderAsync(ledger.Pipeline, TestLedger.Table, Cancellation)).ShouldNotBeNull().ShouldContain("of the ledger's server");
            (await ledger.Commits.TurnHolderAsync(ledger.Pipeline, "public.others", Cancellation)).ShouldBeNull();
            await using var other = (await ledger.Commits.TryTakeTurnAsync(ledger.Pipeline, "public.others", Cancellation)).ShouldNotBeNull();
        }

        await using var next = (await ledger.Commits.TryTakeTurnAsync(ledger.Pipeline, TestLedger.Table, Cancellation)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Runs_are_ready_in_the_order_of_their_windows_and_not_before_an_earlier_window_is_extracted()
    {
        var ledger = await TestLedger.OfAsync(database);
        var runs = new List<Run>();
        foreach (var hour in new[] { 0, 1, 2, 3 })
        {
            runs.Add(await ledger.PlanAsync(TestLedger.Hour(hour)));
        }

        foreach (var hour in new[] { 3, 1 })
        {
            await ExtractPlannedAsync(ledger, runs[hour]);
            (await ledger.ReadyAsync()).ShouldBeEmpty();
        }

        await ExtractPlannedAsync(ledger, runs[0]);
        (await ledger.ReadyAsync()).ShouldBe([runs[0].Id, runs[1].Id]);
        (await ledger.ReadyAsync(1)).ShouldBe([runs[0].Id]);
        await ExtractPlannedAsync(ledger, runs[2]);
        (await ledger.ReadyAsync()).ShouldBe(runs.Select(run => run.Id));
        await ledger.Commits.RefuseAsync(runs[1].Id, "does not fit", Cancellation);
        (await ledger.ReadyAsync()).ShouldBe([runs[0].Id]);
    }

    [Fact]
    public async Task A_backfill_is_ready_whatever_windows_are_open()
    {
        var ledger = await TestLedger.OfAsync(database);
        await ledger.PlanAsync(TestLedger.Hour(0));
        var backfill = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Backfill, 2);
        (await ledger.ReadyAsync()).ShouldBe([backfill.Id]);
    }

    [Fact]
    public async Task A_run_that_is_read_again_is_not_committed_and_its_next_attempt_brings_its_own_files()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 1, 2, 3);
        await ledger.Commits.RefuseAsync(run.Id, "no definition", Cancellation);
        (await ledger.CommitAsync(run)).ShouldBeFalse();
        (await ledger.NoticesAsync()).ShouldHaveSingleItem().Text.ShouldBe("no definition");

        await ledger.Plans.ReplayFailedAsync(ledger.Pipeline, TestLedger.Table, 1, Cancellation);
        (await ledger.CommitAsync(run)).ShouldBeFalse();
        var again = await ledger.ClaimAsync(run);
        (await ledger.CommitAsync(run)).ShouldBeFalse();
        await ledger.Claims.RecordExtractedAsync(again.Id, again.Attempt, TestLedger.Receipt(again, 7), Cancellation);
        (await ledger.CommitAsync(run)).ShouldBeTrue();

        (await ledger.Queries.FilesAsync(run.Id, Cancellation)).ShouldHaveSingleItem().Attempt.ShouldBe(2);
        await ledger.Commits.RefuseAsync(run.Id, "too late", Cancellation);
        (await ledger.FindAsync(run)).Status.ShouldBe(RunStatus.Committed);
    }

    [Fact]
    public async Task A_problem_is_noted_while_the_run_waits_and_gone_when_it_is_committed()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 1);
        await ledger.Commits.NoteProblemAsync([run.Id], "disk full", Cancellation);
        (await ledger.FindAsync(run)).Error.ShouldBe("disk full");
        (await ledger.CommitAsync(run)).ShouldBeTrue();
        (await ledger.FindAsync(run)).Error.ShouldBeNull();
        await ledger.Commits.NoteProblemAsync([run.Id], "too late", Cancellation);
        (await ledger.FindAsync(run)).Error.ShouldBeNull();
    }

    private static async Task ExtractPlannedAsync(TestLedger ledger, Run run)
    {
        var claimed = await ledger.ClaimAsync(run);
        (await ledger.Claims.RecordExtractedAsync(claimed.Id, claimed.Attempt, TestLedger.Receipt(claimed, 1), Cancellation)).ShouldBeTrue();
    }
}
