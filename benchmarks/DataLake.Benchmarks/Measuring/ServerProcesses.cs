using System.Globalization;

namespace DataLake.Benchmarks.Measuring;

/// <summary>The processor time of a PostgreSQL server: its main process, the sessions that have ended, and those that live.</summary>
internal static class ServerProcesses
{
    // Linux shows times in these units whatever its own clock (USER_HZ, proc(5)).
    private const double TicksPerSecond = 100;

    /// <summary>User and system time so far, in seconds; null where the system does not tell (it is not Linux).</summary>
    /// <param name="processId">The server's main process.</param>
    public static double? CpuSeconds(int processId)
    {
        if (!File.Exists($"/proc/{processId}/stat"))
        {
            return null;
        }

        var all = Directory.EnumerateDirectories("/proc")
            .Where(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out _))
            .Select(Read).OfType<Times>().ToList();
        var children = all.ToLookup(times => times.Parent);
        return all.Where(times => times.ProcessId == processId).Sum(times => OfTree(times, children)) / TicksPerSecond;
    }

    private static long OfTree(Times times, ILookup<int, Times> children) =>
        times.Own + times.Ended + children[times.ProcessId].Sum(child => OfTree(child, children));

    private static Times? Read(string folder)
    {
        try
        {
            // proc(5): pid (comm) state ppid ... utime(14) stime(15) cutime(16) cstime(17); a name can hold spaces and brackets.
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return new Times(int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture), (int)Number(1), Number(11) + Number(12), Number(13) + Number(14));

            long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null; // It has ended.
        }
    }

    private sealed record Times(int ProcessId, int Parent, long Own, long Ended);
}
