using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Extractor.Leases;

/// <summary>
/// Keeps a run's lease while it is read, and tells the ledger how far it has come. When the lease is lost, or cannot be renewed before it ends,
/// <see cref="Lost"/> is cancelled: the work must stop.
/// </summary>
internal sealed class LeaseKeeper : IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly RunClaims claims;
    private readonly Run run;
    private readonly TimeSpan lease;
    private readonly TimeProvider time;
    private readonly Func<long> rowsSoFar;
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource lost = new();
    private readonly Task keeping;

    public LeaseKeeper(RunClaims claims, Run run, TimeSpan lease, TimeProvider time, Func<long> rowsSoFar)
    {
        this.claims = claims;
        this.run = run;
        this.lease = lease;
        this.time = time;
        this.rowsSoFar = rowsSoFar;
        keeping = KeepAsync();
    }

    public CancellationToken Lost => lost.Token;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await keeping;
        stop.Dispose();
        lost.Dispose();
    }

    private async Task KeepAsync()
    {
        var pause = lease / 3 < LongestPause ? lease / 3 : LongestPause;
        var heldUntil = time.GetUtcNow() + lease;
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(pause, time, stop.Token);
                var renewedAt = time.GetUtcNow();
                // A ledger that hangs must not keep the worker at work beyond its lease.
                using var untilLost = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                untilLost.CancelAfter(heldUntil - renewedAt > pause ? heldUntil - renewedAt : pause);
                if (!await claims.RenewAsync(run.Id, run.Attempt, lease, rowsSoFar(), untilLost.Token))
                {
                    await lost.CancelAsync();
                    return;
                }

                heldUntil = renewedAt + lease;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception) when (time.GetUtcNow() < heldUntil)
            {
                // The ledger does not answer at the moment; the lease still holds, so the next round tries again.
            }
            catch (Exception)
            {
                // Another worker may have the run by now.
                await lost.CancelAsync();
                return;
            }
        }
    }
}
