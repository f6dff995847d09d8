using System.Runtime.InteropServices;

namespace DataLake.Extractor.Files;

/// <summary>
/// The processor time that the threads of one run take to read it, to write its files, to check and to publish them. Waiting takes none. What the runtime does on threads of its own
/// (compiling, collecting garbage) belongs to no run and is not counted.
/// </summary>
internal sealed partial class ProcessorTime
{
    private const long NanosecondsInSecond = 1_000_000_000;

    // CLOCK_THREAD_CPUTIME_ID of clock_gettime(3).
    private static readonly int ThreadClock = OperatingSystem.IsMacOS() ? 16 : 3;

    [ThreadStatic]
    private static bool isCounted;

    private long nanoseconds;

    /// <summary>Seconds so far; null where the system cannot tell.</summary>
    public double? Seconds => IsKnown ? Interlocked.Read(ref nanoseconds) / (double)NanosecondsInSecond : null;

    private static bool IsKnown => OperatingSystem.IsLinux() || OperatingSystem.IsMacOS();

    /// <summary>Does work of the run on this thread, and counts what it takes. Work inside of work is counted once.</summary>
    public void Count(Action work)
    {
        if (isCounted || !IsKnown)
        {
            work();
            return;
        }

        isCounted = true;
        var before = OfThread();
        try
        {
            work();
        }
        finally
        {
            isCounted = false;
            Interlocked.Add(ref nanoseconds, OfThread() - before);
        }
    }

    private static long OfThread() => GetTime(ThreadClock, out var time) == 0 ? (time.Seconds * NanosecondsInSecond) + time.Nanoseconds : 0;

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out Timespec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
