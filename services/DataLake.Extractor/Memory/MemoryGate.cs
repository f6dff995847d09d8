using DataLake.ServiceDefaults.Telemetry;

namespace DataLake.Extractor.Memory;

/// <summary>A number of bytes that many share. Those who wait for some get them in the order in which they came; nobody passes one who waits.</summary>
/// <param name="capacity">The bytes.</param>
internal sealed class MemoryGate(long capacity)
{
    private readonly Lock change = new();
    private readonly LinkedList<(long Bytes, TaskCompletionSource Granted)> waiting = [];
    private long taken;

    public long Capacity => capacity;

    /// <summary>Bytes that are taken, never more than the capacity.</summary>
    public long Taken
    {
        get
        {
            lock (change)
            {
                return taken;
            }
        }
    }

    /// <summary>Takes bytes, once they are free and all who came before have theirs.</summary>
    /// <param name="bytes">How many, at most the capacity.</param>
    /// <param name="cancellation">Ends the wait; nothing is taken then.</param>
    public async Task TakeAsync(long bytes, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, capacity);
        cancellation.ThrowIfCancellationRequested();
        var granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<(long, TaskCompletionSource)> place;
        lock (change)
        {
            place = waiting.AddLast((bytes, granted));
            Serve();
        }

        await using var cancelled = cancellation.UnsafeRegister(_ =>
        {
            lock (change)
            {
                if (granted.TrySetCanceled(cancellation))
                {
                    waiting.Remove(place);
                    Serve(); // Those behind may want less.
                }
            }
        }, null);
        await granted.Task;
    }

    /// <summary>Takes bytes that are free now, unless somebody waits.</summary>
    /// <returns>Whether it took them: all or none.</returns>
    public bool TryTake(long bytes)
    {
        lock (change)
        {
            if (waiting.Count > 0 || bytes > capacity - taken)
            {
                return false;
            }

            Add(bytes);
            return true;
        }
    }

    /// <summary>Takes what is free now, unless somebody waits, and leaves a part of it to those who come next.</summary>
    /// <param name="held">What the taker has of the gate.</param>
    /// <param name="most">What it can use in all.</param>
    /// <returns>How much it took, so that it has no more than seven eighths of what others do not hold.</returns>
    public long TakeMore(long held, long most)
    {
        lock (change)
        {
            var more = waiting.Count > 0 ? 0 : Math.Max(Math.Min(most, (capacity - taken + held) / 8 * 7) - held, 0);
            Add(more);
            return more;
        }
    }

    /// <summary>Gives bytes back.</summary>
    public void Give(long bytes)
    {
        lock (change)
        {
            Add(-bytes);
            Serve();
        }
    }

    private void Serve()
    {
        while (waiting.First is { } first && first.Value.Bytes <= capacity - taken)
        {
            waiting.RemoveFirst();
            Add(first.Value.Bytes);
            first.Value.Granted.SetResult();
        }
    }

    private void Add(long bytes)
    {
        taken += bytes;
        DataLakeTelemetry.MemoryReserved.Add(bytes);
    }
}
