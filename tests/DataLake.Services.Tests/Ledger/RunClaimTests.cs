using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Services.Tests.Hosting;

namespace DataLake.Services.Tests.Ledger;

public sealed class RunClaimTests(LedgerTestDatabase database) : IClassFixture<LedgerTestDatabase>
{
    [Theory]
    [InlineData(2)]
    [InlineData(20)]
    public async Task Of_many_workers_that_race_for_a_run_one_gets_it(int workers)
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));

        var claims = await Task.WhenAll(Enumerable.Range(0, workers).Select(worker =>
            Task.Run(() => ledger.Claims.ClaimAsync(run.Id, $"worker {worker}", TestLedger.Lease, CancellationToken.None))));

        claims.Count(claim => claim is not null).ShouldBe(1);
        var attempts = await ledger.Queries.AttemptsAsync(run.Id, CancellationToken.None);
        attempts.ShouldHaveSingleItem().Worker.ShouldBe((await ledger.FindAsync(run)).LeaseOwner);
    }

    [Fact]
    public async Task A_run_is_not_claimed_before_it_is_due_or_when_it_is_not_there()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ClaimAsync(await ledger.PlanAsync(TestLedger.Hour(0)));
        await ledger.Claims.FailAsync(run.Id, run.Attempt, "broken", canRetry: true, TestLedger.TwoRetries, CancellationToken.None);

        (await ledger.Claims.ClaimAsync(run.Id, "w", TestLedger.Lease, CancellationToken.None)).ShouldBeNull();
        (await ledger.Claims.ClaimAsync(Guid.NewGuid(), "w", TestLedger.Lease, CancellationToken.None)).ShouldBeNull();
        ledger.Time.Advance(TimeSpan.FromSeconds(10));
        (await ledger.ClaimAsync(run)).Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task A_worker_that_lost_its_lease_changes_nothing()
    {
        var ledger = await TestLedger.OfAsync(database);
        var slow = await ledger.ClaimAsync(await ledger.PlanAsync(TestLedger.Hour(0)), "slow");
        ledger.Time.Advance(TestLedger.Lease + TimeSpan.FromSeconds(1));
        (await ExpireAsync(ledger, slow)).ShouldBe(1);
        var quick = await ledger.ClaimAsync(slow, "quick");

        (await ledger.Claims.RenewAsync(slow.Id, slow.Attempt, TestLedger.Lease, 5, CancellationToken.None)).ShouldBeFalse();
        (await ledger.Claims.RecordExtractedAsync(slow.Id, slow.Attempt, TestLedger.Receipt(slow, 7), CancellationToken.None)).ShouldBeFalse();
        (await ledger.Claims.FailAsync(slow.Id, slow.Attempt, "slow failed", canRetry: false, TestLedger.TwoRetries, CancellationToken.None)).ShouldBeNull();
        await ledger.Claims.ReleaseAsync(slow.Id, slow.Attempt, CancellationToken.None);
        (await ledger.CommitAsync(slow)).ShouldBeFalse();

        var now = await ledger.FindAsync(slow);
        (now.Status, now.LeaseOwner, now.Attempt, now.Rows).ShouldBe((RunStatus.Extracting, "quick", 2, 0));
        (await ledger.Claims.RecordExtractedAsync(quick.Id, quick.Attempt, TestLedger.Receipt(quick, 9), CancellationToken.None)).ShouldBeTrue();
        (await ledger.CommitAsync(quick)).ShouldBeTrue();
        (await ledger.Claims.RecordExtractedAsync(slow.Id, slow.Attempt, TestLedger.Receipt(slow, 7), CancellationToken.None)).ShouldBeFalse();
        (await ledger.Queries.FilesAsync(slow.Id, CancellationToken.None)).ShouldHaveSingleItem().Rows.ShouldBe(9);
        (await ledger.Queries.AttemptsAsync(slow.Id, CancellationToken.None)).Select(attempt => attempt.Outcome).ShouldBe([AttemptOutcome.Lost, AttemptOutcome.Extracted]);
    }

    [Fact]
    public async Task A_lease_that_was_renewed_is_not_taken_back()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ClaimAsync(await ledger.PlanAsync(TestLedger.Hour(0)));
        ledger.Time.Advance(TimeSpan.FromSeconds(20));
        (await ledger.Claims.RenewAsync(run.Id, run.Attempt, TestLedger.Lease, 123, CancellationToken.None)).ShouldBeTrue();
        ledger.Time.Advance(TimeSpan.FromSeconds(20));

        (await ExpireAsync(ledger, run)).ShouldBe(0);
        (await ledger.FindAsync(run)).Rows.ShouldBe(123);
    }

    [Fact]
    public async Task Delays_double_until_the_tries_are_used_up_and_then_one_notice_is_raised()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));
        foreach (var seconds in new[] { 10, 20 })
        {
            var claimed = await ledger.ClaimAsync(run);
            (await ledger.Claims.FailAsync(run.Id, claimed.Attempt, "no luck", canRetry: true, TestLedger.TwoRetries, CancellationToken.None)).ShouldBe(RunStatus.Planned);
            ((await ledger.FindAsync(run)).DueAt - ledger.Time.GetUtcNow()).ShouldBe(TimeSpan.FromSeconds(seconds));
            (await ledger.NoticesAsync()).ShouldBeEmpty();
            ledger.Time.Advance(TimeSpan.FromSeconds(seconds));
        }

        var last = await ledger.ClaimAsync(run);
        (await ledger.Claims.FailAsync(run.Id, last.Attempt, "no luck", canRetry: true, TestLedger.TwoRetries, CancellationToken.None)).ShouldBe(RunStatus.Failed);
        (await ledger.Claims.FailAsync(run.Id, last.Attempt, "no luck", canRetry: true, TestLedger.TwoRetries, CancellationToken.None)).ShouldBeNull();
        (await ledger.NoticesAsync()).ShouldHaveSingleItem().Text.ShouldBe("no luck");
    }

    [Fact]
    public void Delays_have_a_longest_and_no_number_of_failures_breaks_them()
    {
        var policy = new RetryPolicy(int.MaxValue, TimeSpan.FromMinutes(10));
        var now = TestLedger.Day;
        policy.NextTry(1, now).ShouldBe(now.AddMinutes(10));
        policy.NextTry(4, now).ShouldBe(now.AddHours(1));
        policy.NextTry(1_000_000, now).ShouldBe(now.AddHours(1));
        new RetryPolicy(0, TimeSpan.Zero).NextTry(1, now).ShouldBeNull();
    }

    [Fact]
    public async Task A_failed_run_is_replayed_as_the_same_run_and_window_with_fresh_tries()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ClaimAsync(await ledger.PlanAsync(TestLedger.Hour(3)));
        await ledger.Claims.FailAsync(run.Id, run.Attempt, "broken", canRetry: false, TestLedger.TwoRetries, CancellationToken.None);

        (await ledger.Plans.ReplayFailedAsync(ledger.Pipeline, TestLedger.Table, 1, CancellationToken.None)).ShouldBe(1);
        (await ledger.Plans.ReplayFailedAsync(ledger.Pipeline, TestLedger.Table, 1, CancellationToken.None)).ShouldBe(0);

        var again = await ledger.FindAsync(run);
        (again.Status, again.Window, again.DefinitionVersion, again.FailedAttempts, again.DispatchedAt).ShouldBe((RunStatus.Planned, TestLedger.Hour(3), 1, 0, null));
        (await ledger.ClaimAsync(run)).Attempt.ShouldBe(2);
    }

    [Fact]
    public async Task A_released_run_is_no_failure_and_can_be_claimed_at_once()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.ClaimAsync(await ledger.PlanAsync(TestLedger.Hour(0)));
        await ledger.Claims.ReleaseAsync(run.Id, run.Attempt, CancellationToken.None);

        var released = await ledger.FindAsync(run);
        (released.Status, released.FailedAttempts, released.LeaseOwner, released.DispatchedAt).ShouldBe((RunStatus.Planned, 0, null, null));
        (await ledger.ClaimAsync(run)).Attempt.ShouldBe(2);
        (await ledger.Queries.AttemptsAsync(run.Id, CancellationToken.None))[0].Outcome.ShouldBe(AttemptOutcome.Released);
        (await ledger.NoticesAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_is_lost_too_often_has_failed()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            await ledger.ClaimAsync(run, "doomed");
            ledger.Time.Advance(TestLedger.Lease * 2);
            (await ExpireAsync(ledger, run)).ShouldBe(1);
        }

        var failed = await ledger.FindAsync(run);
        failed.Status.ShouldBe(RunStatus.Failed);
        failed.Error.ShouldNotBeNull().ShouldContain("doomed");
        (await ledger.NoticesAsync()).ShouldHaveSingleItem().Event.ShouldBe(NoticeEvent.Failed);
    }

    [Fact]
    public async Task The_beginning_of_time_survives_the_ledger()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(new Window(Window.Beginning, TestLedger.Day.AddTicks(10)));

        var found = await ledger.FindAsync(run);
        found.Window.ShouldBe(run.Window);
        found.Window.IsFromBeginning.ShouldBeTrue();
        (await database.Database.ScalarAsync<bool>($"SELECT window_from = '-infinity' FROM datalake.runs WHERE id = '{run.Id}'")).ShouldBeTrue();
        // And goes on to the catalog.
        var claimed = await ledger.ClaimAsync(run);
        await ledger.Claims.RecordExtractedAsync(claimed.Id, 1, TestLedger.Receipt(claimed, 1), CancellationToken.None);
        await ledger.CommitAsync(claimed);
        (await ledger.Commits.WindowsAsync(ledger.Pipeline, TestLedger.Table, CancellationToken.None)).ShouldHaveSingleItem().ShouldBe(run.Window);
    }

    [Fact]
    public async Task Runs_are_found_by_part_of_their_id_and_by_nothing_else()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));
        var id = run.Id.ToString();

        (await ledger.Queries.FindByPartAsync(id[^12..].ToUpperInvariant(), CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(run.Id);
        (await ledger.Queries.FindByPartAsync(id[..30], CancellationToken.None)).ShouldHaveSingleItem().Id.ShouldBe(run.Id);
        foreach (var part in new[] { "", "%", "_", "\\", "' OR 1=1", "xyz" })
        {
            (await ledger.Queries.FindByPartAsync(part, CancellationToken.None)).ShouldBeEmpty(part);
        }
    }

    [Fact]
    public async Task Windows_are_not_planned_over_those_that_another_scheduler_planned_meanwhile()
    {
        var ledger = await TestLedger.OfAsync(database);
        var added = await Task.WhenAll(Enumerable.Range(0, 8).Select(size => Task.Run(() =>
            ledger.Plans.AddAsync([ledger.NewRun(new Window(TestLedger.Day, TestLedger.Day.AddHours(size + 1)))], plannedTo: null, CancellationToken.None))));

        added.Sum().ShouldBe(1);
    }

    private static async Task<int> ExpireAsync(TestLedger ledger, Run run) =>
        (await ledger.Claims.ExpireLeasesAsync(new Dictionary<Guid, RetryPolicy> { [run.Id] = TestLedger.TwoRetries }, CancellationToken.None)).Count;
}
