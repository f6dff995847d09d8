namespace DataLake.Postgres.Copy;

/// <summary>
/// Bounds what large rows take of memory: one object serves a process, and lets one connection at a time carry a row above <see cref="Usual"/>, from before it is received
/// until it is in a file. Such a row takes up to four times its size meanwhile: as it came, in its page, compressed, and read back.
/// </summary>
public sealed class LargeRows
{
    /// <summary>Bytes up to which a row goes its way without waiting for others.</summary>
    public const int Usual = 2 << 20;

    /// <summary>The usual limit: 32 MiB.</summary>
    public const int UsualLimit = 32 << 20;

    // What may lie about before it is collected: a collection costs as much as carrying a few megabytes.
    private const int MostGarbage = 8 << 20;

    private readonly object turn = new();
    private bool isTaken;
    private int garbage;

    /// <summary>Sets the limit.</summary>
    /// <param name="limit">The most bytes a row may have.</param>
    public LargeRows(int limit = UsualLimit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        Limit = limit;
    }

    /// <summary>The most bytes a row may have; larger ones are refused.</summary>
    public int Limit { get; }

    /// <summary>Gives memory back to the system that a large row needed and needs no more: left alone, the collector keeps arrays of this size for long.
    /// Only for the connection whose turn it is.</summary>
    /// <param name="bytes">The row's size.</param>
    public void Reclaim(int bytes)
    {
        garbage += bytes;
        if (garbage >= MostGarbage)
        {
            garbage = 0;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }
    }

    /// <summary>Waits until no other connection carries a large row.</summary>
    /// <exception cref="OperationCanceledException">Cancelled while it waited.</exception>
    internal void Enter(CancellationToken cancellation)
    {
        using var wake = cancellation.UnsafeRegister(static turn =>
        {
            lock (turn!)
            {
                Monitor.PulseAll(turn);
            }
        }, turn);
        lock (turn)
        {
            while (isTaken)
            {
                cancellation.ThrowIfCancellationRequested();
                Monitor.Wait(turn);
            }

            isTaken = true;
        }
    }

    /// <summary>Lets the next one go on.</summary>
    /// <param name="bytes">The size of the row that was carried.</param>
    internal void Leave(int bytes)
    {
        Reclaim(bytes);
        lock (turn)
        {
            isTaken = false;
            Monitor.Pulse(turn);
        }
    }
}
