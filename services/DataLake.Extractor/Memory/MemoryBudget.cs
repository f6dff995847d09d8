using DataLake.Extractor.Files;
using DataLake.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Memory;

/// <summary>
/// What the runs of this process may hold of memory together. A part is kept for small runs: each run begins with <see cref="SmallRun"/> of it, so that a short window never waits for a long load.
/// All share the rest. A run that must have more of it waits before it is claimed, while it holds nothing of the rest, in the order of <see cref="MemoryGate"/>; what makes a run faster is
/// taken without waiting. So nobody who holds memory that another waits for ever waits for memory.
/// </summary>
public sealed partial class MemoryBudget(IOptions<ExtractorOptions> options, TimeProvider time, ILogger<MemoryBudget> logger)
{
    /// <summary>What each run begins with: 2 MiB, enough for one writer of some twenty columns.</summary>
    internal const long SmallRun = 2 << 20;

    /// <summary>So many runs can begin at any time.</summary>
    internal const int SmallRuns = 8;

    private readonly MemoryGate small = new(SmallRuns * SmallRun);
    private readonly MemoryGate rest = new(options.Value.ForRuns - (SmallRuns * SmallRun));
    private int waiting;

    /// <summary>Bytes that runs hold now.</summary>
    internal long Reserved => small.Taken + rest.Taken;

    /// <summary>Bytes that they may hold.</summary>
    internal long Capacity => small.Capacity + rest.Capacity;

    /// <summary>The most that one run can have.</summary>
    internal long MostOfOneRun => SmallRun + rest.Capacity;

    /// <summary>How many runs wait.</summary>
    internal int Waiting => Volatile.Read(ref waiting);

    /// <summary>Takes what every run begins with.</summary>
    /// <param name="runId">The run, for the log.</param>
    /// <param name="cancellation">Ends the wait; nothing is taken then.</param>
    internal async Task<MemoryShare> BeginAsync(Guid runId, CancellationToken cancellation)
    {
        await TakeAsync(small, SmallRun, runId, cancellation);
        return new MemoryShare(this, runId);
    }

    internal Task TakeRestAsync(long bytes, Guid runId, CancellationToken cancellation) => TakeAsync(rest, bytes, runId, cancellation);

    internal bool TryTakeRest(long bytes) => rest.TryTake(bytes);

    internal long TakeMoreOfRest(long held, long most) => rest.TakeMore(held, most);

    internal void GiveRest(long bytes) => rest.Give(bytes);

    internal void End() => small.Give(SmallRun);

    private async Task TakeAsync(MemoryGate gate, long bytes, Guid runId, CancellationToken cancellation)
    {
        var taking = gate.TakeAsync(bytes, cancellation);
        if (taking.IsCompleted)
        {
            await taking;
            return;
        }

        var since = time.GetTimestamp();
        DataLakeTelemetry.RunsWaitingForMemory.Add(1);
        Waits(runId, bytes, Reserved, Capacity, Interlocked.Increment(ref waiting));
        try
        {
            await taking;
            GoesOn(runId, time.GetElapsedTime(since));
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
            DataLakeTelemetry.RunsWaitingForMemory.Add(-1);
        }
    }

    [LoggerMessage(LogLevel.Information, "Run {RunId} waits for {Bytes:N0} bytes of memory before it is read: runs hold {Reserved:N0} of {Capacity:N0}, and {Waiting} wait. More: Extractor:MemoryBudget")]
    private partial void Waits(Guid runId, long bytes, long reserved, long capacity, int waiting);

    [LoggerMessage(LogLevel.Information, "Run {RunId} has waited {Waited} for memory, and goes on")]
    private partial void GoesOn(Guid runId, TimeSpan waited);
}
