using DataLake.Postgres.Connections;

namespace DataLake.Postgres.Governor;

/// <summary>One connection of a run under the governor: whether it may begin another chunk, and where it pauses within one. For one thread at a time.</summary>
public sealed class ConnectionPace
{
    // A quarter of the time is read. Short enough that no connection is taken for dead.
    private static readonly TimeSpan SlowTurn = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan SlowPause = TimeSpan.FromMilliseconds(300);

    private readonly ReadPace run;
    private readonly SourceConnection connection;
    private readonly Func<bool> isFirst;
    private readonly TimeProvider time;
    private long turnBegan;

    internal ConnectionPace(ReadPace run, SourceConnection connection, Func<bool> isFirst)
    {
        this.run = run;
        this.connection = connection;
        this.isFirst = isFirst;
        time = run.Governor.Time;
        turnBegan = time.GetTimestamp();
    }

    /// <summary>Waits until the connection may begin a chunk, and bounds its statement by what is left of the run's time.</summary>
    /// <param name="isDone">Whether no chunk is left, so that nothing is to be waited for.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <returns>Whether it may; false where no chunk is left.</returns>
    /// <exception cref="Errors.SourceException">The source stayed too busy for too long.</exception>
    public async Task<bool> MayStartAsync(Func<bool> isDone, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(isDone);
        while (!isDone())
        {
            await run.HoldAsync(cancellation);
            if (isFirst() || run.Pace == Pace.Full)
            {
                await connection.BoundAsync(run.Left, forLock: null, cancellation);
                return true;
            }

            await run.DelayAsync(SourceGovernor.Interval, cancellation);
            await run.Governor.RefreshAsync(cancellation);
        }

        return false;
    }

    /// <summary>
    /// Called between two batches of rows, on the connection's own thread: blocks it while the pace says so. What is not read fills the buffers of the way, and then the server's COPY stands still.
    /// </summary>
    /// <exception cref="Errors.SourceException">The source stayed too busy for too long.</exception>
    public void Pass(CancellationToken cancellation)
    {
        switch (run.Pace)
        {
            case Pace.Wait:
                run.HoldAsync(cancellation).GetAwaiter().GetResult();
                break;
            case Pace.Slow when time.GetElapsedTime(turnBegan) >= SlowTurn:
                run.DelayAsync(SlowPause, cancellation).GetAwaiter().GetResult();
                turnBegan = time.GetTimestamp();
                break;
        }
    }
}
