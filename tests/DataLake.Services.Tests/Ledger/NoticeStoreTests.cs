using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;

namespace DataLake.Services.Tests.Ledger;

public sealed class NoticeStoreTests(LedgerTestDatabase database) : IClassFixture<LedgerTestDatabase>
{
    [Fact]
    public async Task A_notice_with_a_key_that_was_raised_before_is_not_raised_again()
    {
        var ledger = await TestLedger.OfAsync(database);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(() => ledger.Notices.RaiseAsync(NewNotice(ledger, "same"), CancellationToken.None))));
        await ledger.Notices.RaiseAsync(NewNotice(ledger, "other"), CancellationToken.None);
        (await ledger.NoticesAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_failure_that_repeats_is_told_once_and_its_recovery_once()
    {
        var ledger = await TestLedger.OfAsync(database);
        var run = await ledger.PlanAsync(TestLedger.Hour(0));
        foreach (var error in new[] { "disk full", "disk full", "no table", "disk full" })
        {
            await FailAsync(ledger, run, error);
            await ledger.Plans.ReplayFailedAsync(ledger.Pipeline, TestLedger.Table, 1, CancellationToken.None);
            ledger.Time.Advance(TimeSpan.FromMinutes(1));
        }

        var claimed = await ledger.ClaimAsync(run);
        await ledger.Claims.RecordExtractedAsync(claimed.Id, claimed.Attempt, TestLedger.Receipt(claimed), CancellationToken.None);
        await ledger.CommitAsync(claimed);
        await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(1)));

        (await ledger.NoticesAsync()).Select(notice => (notice.Event, notice.Text.Split('.')[0])).ShouldBe(
        [
            (NoticeEvent.Failed, "disk full"), (NoticeEvent.Failed, "no table"), (NoticeEvent.Failed, "disk full"),
            (NoticeEvent.Recovered, (await ledger.NoticesAsync())[^1].Text.Split('.')[0]),
        ]);
    }

    [Fact]
    public async Task A_commit_does_not_tell_of_the_recovery_of_another_run_that_still_fails()
    {
        var ledger = await TestLedger.OfAsync(database);
        await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(0)));
        await FailAsync(ledger, await ledger.PlanAsync(TestLedger.Hour(0), RunKind.Backfill), "cannot be read");

        await ledger.CommitAsync(await ledger.ExtractAsync(TestLedger.Hour(1)));

        (await ledger.NoticesAsync()).Select(notice => notice.Event).ShouldBe([NoticeEvent.Failed]);
    }

    [Fact]
    public async Task A_delivery_is_taken_by_one_of_many_workers_and_again_only_when_it_is_due()
    {
        var ledger = await TestLedger.OfAsync(database);
        var notice = NewNotice(ledger, "key");
        await ledger.Notices.RaiseAsync(notice, CancellationToken.None);
        var until = ledger.Time.GetUtcNow().AddMinutes(1);
        Task<NoticeDelivery?> Take() => ledger.Notices.TakeDeliveryAsync(notice.Id, "1/log", until, CancellationToken.None);

        var first = (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(Take)))).Single(taken => taken is not null)!;
        first.Tries.ShouldBe(1);
        await ledger.Notices.RecordDeliveryAsync(first, "refused", ledger.Time.GetUtcNow().AddSeconds(30), CancellationToken.None);
        (await Take()).ShouldBeNull();
        ledger.Time.Advance(TimeSpan.FromSeconds(30));
        until = ledger.Time.GetUtcNow().AddMinutes(1);
        var second = (await Take()).ShouldNotBeNull();
        second.Tries.ShouldBe(2);
        // The first worker comes back late: what it says of its try no longer counts.
        await ledger.Notices.RecordDeliveryAsync(first, "late", null, CancellationToken.None);
        (await ledger.Notices.CloseIfServedAsync(notice.Id, ["1/log"], CancellationToken.None)).ShouldBeFalse();
        await ledger.Notices.RecordDeliveryAsync(second, null, null, CancellationToken.None);
        (await Take()).ShouldBeNull();
        (await ledger.Notices.CloseIfServedAsync(notice.Id, ["1/log"], CancellationToken.None)).ShouldBeTrue();
        (await ledger.Notices.FindOpenAsync(notice.Id, CancellationToken.None)).ShouldBeNull();
    }

    private static async Task FailAsync(TestLedger ledger, Run run, string error)
    {
        var claimed = await ledger.ClaimAsync(run);
        (await ledger.Claims.FailAsync(run.Id, claimed.Attempt, error, canRetry: false, TestLedger.TwoRetries, CancellationToken.None)).ShouldBe(RunStatus.Failed);
    }

    private static Notice NewNotice(TestLedger ledger, string key) => new()
    {
        Id = Guid.CreateVersion7(), Event = NoticeEvent.Late, Key = $"{ledger.Pipeline}/{key}", Pipeline = ledger.Pipeline, Table = TestLedger.Table,
        DefinitionVersion = 1, RaisedAt = ledger.Time.GetUtcNow(), Text = "late",
    };
}
