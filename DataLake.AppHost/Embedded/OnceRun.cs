using DataLake.Ledger.Notices;
using DataLake.Scheduler.Cycle;

namespace DataLake.AppHost.Embedded;

/// <summary>Makes rounds of the scheduler until every window that is due has ended, one way or the other, and everybody was told.</summary>
internal sealed class OnceRun(SchedulerCycle cycle, WakeUp wakeUp, NoticeStore notices, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestForNotices = TimeSpan.FromSeconds(15);

    /// <returns>False where a pipeline could not be planned.</returns>
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

            await wakeUp.WaitAsync(Tick, stop);
            stop.ThrowIfCancellationRequested();
        }
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
