using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;

namespace DataLake.Postgres.Governor;

/// <summary>
/// One run under the governor. It waits before it takes a snapshot, where waiting costs the source nothing, for up to half of its time. Once it holds a snapshot, waiting
/// keeps VACUUM from removing dead rows, so it waits for <see cref="SourceLimits.MaxPause"/> at most. And it ends when others have waited for its locks for too long: those are held until its
/// transaction ends, so that slowing down would only make it worse.
/// </summary>
/// <param name="governor">The source's governor.</param>
/// <param name="applicationName">What its connections are called; no other run's are.</param>
/// <param name="timeout">The run's time, from now on.</param>
public sealed class ReadPace(SourceGovernor governor, string applicationName, TimeSpan timeout)
{
    private readonly TimeProvider time = governor.Time;
    private readonly long began = governor.Time.GetTimestamp();
    private readonly Lock counting = new();
    private int waiting;
    private long waitingSince;
    private TimeSpan waited;
    private volatile bool isOutOfPatience;
    private SourceException? ended;

    /// <summary>The run's connections.</summary>
    public SourceConnections Connections { get; } = governor.Connections.Named(applicationName);

    /// <summary>How long the run has waited for its source, over all: a time in which several connections waited counts once.</summary>
    public TimeSpan Waited
    {
        get
        {
            lock (counting)
            {
                return waited + (waiting > 0 ? time.GetElapsedTime(waitingSince) : TimeSpan.Zero);
            }
        }
    }

    /// <summary>The pace of this run now.</summary>
    public Pace Pace
    {
        get
        {
            var pace = governor.Pace;
            isOutOfPatience &= pace != Pace.Full;
            return pace == Pace.Wait && isOutOfPatience ? Pace.Slow : pace;
        }
    }

    internal SourceGovernor Governor => governor;

    /// <summary>What is left of the run's time.</summary>
    internal TimeSpan Left => timeout - time.GetElapsedTime(began);

    /// <summary>What the run's snapshot must show, and how long its statements may take.</summary>
    /// <param name="to">Where the run's window ends.</param>
    public SnapshotOptions SnapshotOptions(DateTimeOffset to) => new() { VisibleTo = to, StatementTimeout = Left, LockTimeout = governor.Limits.LockTimeout };

    /// <summary>One connection of the run.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isFirst">Whether it is the one that reads on while the pace is slow; that can change.</param>
    public ConnectionPace Of(SourceConnection connection, Func<bool> isFirst) => new(this, connection, isFirst);

    /// <summary>Waits until the source is calm enough, and reads.</summary>
    /// <param name="read">Takes the snapshot and reads; stops when it is told to.</param>
    /// <param name="cancellation">Stops the run.</param>
    /// <exception cref="SourceException">The source stayed too busy, or the run was in others' way; besides what <paramref name="read"/> throws.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> read, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(read);
        await governor.EnterAsync(cancellation);
        try
        {
            await HoldAsync(timeout / 2, mayGoOn: false, "before it took a snapshot", cancellation);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var watching = WatchAsync(stop);
            try
            {
                return await read(stop.Token);
            }
            catch (Exception) when (ended is not null && !cancellation.IsCancellationRequested)
            {
                throw ended;
            }
            finally
            {
                await stop.CancelAsync();
                await watching;
            }
        }
        finally
        {
            await governor.LeaveAsync();
        }
    }

    /// <summary>Waits, with the snapshot held, while the pace says so.</summary>
    internal Task HoldAsync(CancellationToken cancellation) =>
        HoldAsync(governor.Limits.MaxPause, governor.Limits.AfterPause == AfterPause.Slow, "while it held a snapshot, which it has given back", cancellation);

    /// <summary>Waits a moment, and counts it.</summary>
    internal async Task DelayAsync(TimeSpan pause, CancellationToken cancellation)
    {
        lock (counting)
        {
            if (waiting++ == 0)
            {
                waitingSince = time.GetTimestamp();
            }
        }

        try
        {
            await Task.Delay(pause, time, cancellation);
        }
        finally
        {
            lock (counting)
            {
                if (--waiting == 0)
                {
                    waited += time.GetElapsedTime(waitingSince);
                }
            }
        }
    }

    private async Task HoldAsync(TimeSpan longest, bool mayGoOn, string when, CancellationToken cancellation)
    {
        var since = time.GetTimestamp();
        while (Pace == Pace.Wait)
        {
            if (time.GetElapsedTime(since) >= longest)
            {
                isOutOfPatience = mayGoOn ? true : throw new SourceException(SourceErrorKind.Busy,
                    $"The source was busier than its limits allow for {DurationText.Format(longest)}: {governor.Reason}. The run waited {when}, and is tried again. " +
                    "If this repeats, read at a quieter time or from a replica, or raise what is too low under the source's 'limits'.");
                return;
            }

            await DelayAsync(SourceGovernor.Interval, cancellation);
            await governor.RefreshAsync(cancellation);
        }
    }

    /// <summary>Keeps measuring while the run reads, whatever its connections do, and ends it where others wait for its locks.</summary>
    private async Task WatchAsync(CancellationTokenSource stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(SourceGovernor.Interval, time, stop.Token);
                await governor.RefreshAsync(stop.Token);
                if (governor.BlockingOf(applicationName) >= governor.Limits.Blocking)
                {
                    ended = new SourceException(SourceErrorKind.Busy,
                        $"Other sessions of the source have waited for {DurationText.Format(governor.Limits.Blocking)} for a lock that the run held (reading holds ACCESS SHARE, for which ALTER TABLE, TRUNCATE and the like wait). " +
                        "The run has given it back and is tried again. If it must read through such times, raise 'blocking' under the source's 'limits'.");
                    await stop.CancelAsync();
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The run has ended.
        }
    }
}
