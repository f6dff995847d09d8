using System.Threading.Channels;

namespace DataLake.Scheduler.Cycle;

/// <summary>Lets the next round start before its tick: a commit may have made room for the next window.</summary>
public sealed class WakeUp(TimeProvider time)
{
    private readonly Channel<bool> bell = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Asks for a round soon. Any number of calls before the next round are one.</summary>
    public void Ring() => bell.Writer.TryWrite(true);

    /// <summary>Waits for the next tick or the bell, or until <paramref name="stopping"/> is cancelled.</summary>
    public async Task WaitAsync(TimeSpan tick, CancellationToken stopping)
    {
        using var timer = new CancellationTokenSource(tick, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, stopping);
        try
        {
            await bell.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            // The tick has come, or the service stops; the caller looks which.
        }
    }
}
