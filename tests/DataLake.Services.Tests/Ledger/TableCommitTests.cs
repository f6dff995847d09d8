using DataLake.Contracts;
using DataLake.Ledger.Catalog;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Services.Tests.Ledger;

public sealed class TableCommitTests(LedgerTestDatabase database) : IClassFixture<LedgerTestDatabase>
{
    [Fact]
    public async Task Ten_commits_of_one_run_at_once_are_one()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 5, 6);

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ledger.CommitAsync(run))));

        results.Count(result => result == CommitResult.Committed).ShouldBe(1);
        results.Count(result => result == CommitResult.AlreadyCommitted).ShouldBe(9);
        (await ledger.LiveAsync()).Select(file => file.Rows).Order().ShouldBe([5L, 6L]);
        (await SequencesAsync(ledger)).ShouldBe([1L]);
    }

    [Fact]
    public async Task Windows_are_committed_in_their_order_and_their_sequence_has_no_gap()
    {
        var ledger = await TestLedger.OfAsync(database);
        var runs = new List<Run>();
        for (var hour = 0; hour < 5; hour++)
        {
            runs.Add(await ledger.ExtractAsync(TestLedger.Hour(hour), RunKind.Incremental, hour + 1));
        }

        (await ledger.CommitAsync(runs[3])).ShouldBe(CommitResult.Waits);
        (await ledger.CommitAsync(runs[1])).ShouldBe(CommitResult.Waits);
        // All at once, again and again, as doubled messages would.
        while ((await Task.WhenAll(runs.Select(run => Task.Run(() => ledger.CommitAsync(run))))).Any(result => result != CommitResult.AlreadyCommitted))
        {
        }

        (await ledger.LiveAsync()).Select(file => file.Rows).ShouldBe([1L, 2L, 3L, 4L, 5L]);
        (await SequencesAsync(ledger)).ShouldBe([1L, 2L, 3L, 4L, 5L]);
    }

    [Fact]
    public async Task A_replace_leaves_only_its_own_files()
    {
        var ledger = await TestLedger.OfAsync(database);
        for (var day = 1; day <= 2; day++)
        {
            await ledger.CommitAsync(await ledger.ExtractAsync(new Window(Window.Beginning, TestLedger.Day.AddDays(day)), RunKind.Full, day, day * 10), WriteMode.Replace);
        }

        (await ledger.LiveAsync()).Select(file => file.Rows).Order().ShouldBe([2L, 20L]);
        await ledger.CommitAsync(await ledger.ExtractAsync(new Window(Window.Beginning, TestLedger.Day.AddDays(3)), RunKind.Full), WriteMode.Replace);
        (await ledger.LiveAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_appending_backfill_takes_the_place_of_the_windows_it_covers_and_of_no_other()
    {
        var ledger = await TestLedger.OfAsync(database);
        for (var hour = 0; hour < 4; hour++)
        {
            await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(hour), RunKind.Incremental, hour + 1));
        }

        var wide = new Window(TestLedger.Hour(1).From, TestLedger.Hour(2).To);
        await ledger.CommitAsync(await ledger.ExtractAsync(wide, RunKind.Backfill, 50));

        (await ledger.LiveAsync()).ShouldBe([(TestLedger.Hour(0), 1L), (TestLedger.Hour(3), 4L), (wide, 50L)]);
        await ledger.CommitAsync(await ledger.ExtractAsync(wide, RunKind.Backfill)); // Its rows are gone from the source by now.
        (await ledger.LiveAsync()).Select(file => file.Rows).ShouldBe([1L, 4L]);
        (await ledger.Commits.WindowsAsync(ledger.Pipeline, TestLedger.Table, CancellationToken.None)).ShouldContain(TestLedger.Hour(2));
    }

    [Fact]
    public async Task An_upsert_removes_no_file_whether_incremental_or_backfill()
    {
        var ledger = await TestLedger.OfAsync(database);
        await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 1), WriteMode.Upsert);
        await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Backfill, 2), WriteMode.Upsert);
        (await ledger.LiveAsync()).Select(file => file.Rows).ShouldBe([1L, 2L]);
    }

    [Fact]
    public async Task A_run_that_is_read_again_is_not_committed_and_its_next_attempt_brings_its_own_files()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 1, 2, 3);
        await ledger.Commits.RefuseAsync(run.Id, "no definition", CancellationToken.None);
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.NotReady);
        (await ledger.NoticesAsync()).ShouldHaveSingleItem().Text.ShouldBe("no definition");

        await ledger.Plans.ReplayFailedAsync(ledger.Pipeline, TestLedger.Table, 1, CancellationToken.None);
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.NotReady);
        var again = await ledger.ClaimAsync(run);
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.NotReady);
        await ledger.Claims.RecordExtractedAsync(again.Id, again.Attempt, TestLedger.Receipt(again, 7), CancellationToken.None);
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.Committed);

        (await ledger.LiveAsync()).ShouldHaveSingleItem().Rows.ShouldBe(7);
        (await ledger.Queries.FilesAsync(run.Id, CancellationToken.None)).ShouldHaveSingleItem().Attempt.ShouldBe(2);
        await ledger.Commits.RefuseAsync(run.Id, "too late", CancellationToken.None);
        (await ledger.FindAsync(run)).Status.ShouldBe(RunStatus.Committed);
    }

    [Fact]
    public async Task A_run_that_is_not_there_or_not_extracted_is_not_committed()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.NotReady);
        (await ledger.CommitAsync(ledger.NewRun(TestLedger.Hour(1)))).ShouldBe(CommitResult.NotReady);
        (await ledger.LiveAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_commit_that_is_broken_off_leaves_nothing_and_can_be_made_again()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ExtractAsync(TestLedger.Hour(0), RunKind.Incremental, 4);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => ledger.Commits.CommitAsync(run.Id, new CommitTerms(WriteMode.Append, [], true), cancelled.Token));

        (await ledger.LiveAsync()).ShouldBeEmpty();
        (await ledger.CommitAsync(run)).ShouldBe(CommitResult.Committed);
        (await SequencesAsync(ledger)).ShouldBe([1L]);
    }

    private static Task<List<long>> SequencesAsync(TestLedger ledger) => ledger.ReadAsync(context => context.Commits
        .Where(commit => context.Tables.Any(table => table.Id == commit.TableId && table.Pipeline == ledger.Pipeline))
        .OrderBy(commit => commit.Sequence).Select(commit => commit.Sequence).ToListAsync());
}
