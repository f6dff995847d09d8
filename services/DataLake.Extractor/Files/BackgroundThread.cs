using System.Runtime.InteropServices;

namespace DataLake.Extractor.Files;

/// <summary>Runs work that may wait on a thread that gives way: a core that the source's server (where it is on the same machine) or the reading of it can use goes to those.</summary>
internal static partial class BackgroundThread
{
    // What only takes a processor that would be idle has this value; see setpriority(2).
    private const int NicestValue = 19;
    private const int ThisThread = 0;

    // Each works in some memory, and more than there are cores get nothing done.
    private static readonly SemaphoreSlim Free = new(Environment.ProcessorCount);

    /// <summary>Runs work on a thread of its own.</summary>
    /// <param name="work">It blocks where it waits, so that it stays on its thread.</param>
    /// <returns>Null where this process has as many such threads as cores.</returns>
    public static Task? TryRun(Action work) => !Free.Wait(0) ? null : Task.Factory.StartNew(() =>
    {
        try
        {
            GiveWay();
            work();
        }
        finally
        {
            Free.Release();
        }
    }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private static void GiveWay()
    {
        // The runtime leaves priorities of threads alone on Linux, and there alone "process" means the thread.
        if (OperatingSystem.IsLinux())
        {
            _ = SetPriority(which: 0, ThisThread, NicestValue); // Where it is refused, the work is only less polite.
        }
        else
        {
            Thread.CurrentThread.Priority = ThreadPriority.BelowNormal;
        }
    }

    [LibraryImport("libc", EntryPoint = "setpriority")]
    private static partial int SetPriority(int which, uint who, int priority);
}
