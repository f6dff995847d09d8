using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Scheduler.Cycle;

namespace DataLake.AppHost.Embedded;

/// <summary>Makes rounds of the scheduler until every window that is due has ended, one way or the other, and everybody was told.</summary>
internal sealed class OnceRun(SchedulerCycle cycle, WakeUp wakeUp, RunQueries runs, NoticeStore notices, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestForNotices = TimeSpan.FromSeconds(15);

    // As long as runs are sent to the catalog twice more.
    private static readonly TimeSpan LongestForCatalog = TimeSpan.FromSeconds(75);

    private DateTimeOffset? stuckSince;

    /// <returns>False where a pipeline could not be planned, or nothing is left but runs that the catalog does not take.</returns>
    public async Task<bool> RunAsync(CancellationToken stop)
    {
        while (true)
        {
            var round = await cycle.RunAsync(stop);
            if (round is { Open: 0, Behind: 0 } or { Open: 0, Silent.Count: > 0 })
            {
                await TellAsync(stop);
                return round.Silent.Count == 0;
            }

            if (await IsStuckAsync(round, stop))
            {
                await TellAsync(stop);
                return false;
            }

            await wakeUp.WaitAsync(Tick, stop);
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Whether, for too long, all that is open could be read but not committed: the catalog or the lake does not answer.</summary>
    private async Task<bool> IsStuckAsync(SchedulerCycle.Round? round, CancellationToken stop)
    {
        if (round is not { Open: > 0 and var open })
        {
            return false;
        }

        var waiting = await runs.LatestAsync(pipeline: null, table: null, RunStatus.Extracted, open + 1, stop);
        stuckSince = waiting.Count(run => run.Error is not null) == open ? stuckSince ?? time.GetUtcNow() : null;
        return time.GetUtcNow() - stuckSince > LongestForCatalog;
    }

    private async Task TellAsync(CancellationToken stop)
    {
        var until = time.GetUtcNow() + LongestForNotices;
        while (await notices.CountOpenAsync(stop) > 0 && time.GetUtcNow() < until)
        {
            await wakeUp.WaitAsync(Tick, stop);
            stop.ThrowIfCancellationRequested();
            await cycle.RunAsync(stop);
        }
    }
}
