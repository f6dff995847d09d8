using System.Globalization;

namespace DataLake.Benchmarks.Measuring;

/// <summary>What this process has used so far.</summary>
internal static class OwnProcess
{
    /// <summary>Prints what this process did and used, for the benchmark that started it.</summary>
    /// <param name="done">Rows, bytes and time; the rest is filled in.</param>
    public static void Print(WorkerReport done) => Console.WriteLine((done with
    {
        CpuSeconds = Environment.CpuUsage.TotalTime.TotalSeconds,
        PeakBytes = PeakBytes(),
        AllocatedBytes = GC.GetTotalAllocatedBytes(),
        Collections = [.. Enumerable.Range(0, GC.MaxGeneration + 1).Select(GC.CollectionCount)],
    }).ToJson());

    /// <summary>
    /// VmHWM of proc(5): the largest resident memory the process ever had. It counts the pages in its own address space (heaps, stacks, code, files that it maps), and not what the
    /// system caches of files that it reads and writes.
    /// </summary>
    private static long PeakBytes()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
