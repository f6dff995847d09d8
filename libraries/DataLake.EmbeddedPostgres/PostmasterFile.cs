using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>Whether a process works as the server of a data directory.</summary>
internal enum ServerProcess
{
    /// <summary>It does not: it is dead, or another program.</summary>
    No,

    /// <summary>It does.</summary>
    Yes,

    /// <summary>It is a PostgreSQL server, but of which directory cannot be told.</summary>
    Unknown,
}

/// <summary>
/// What <c>postmaster.pid</c> says. Its lines: process id, data directory, start time, port, socket folder, listen address,
/// shared memory, status (src/include/utils/pidfile.h).
/// </summary>
[UnsupportedOSPlatform("windows")]
internal sealed record PostmasterFile(string Path, int ProcessId, int Port, bool IsReady)
{
    private const int PortLine = 3;
    private const int StatusLine = 7;

    /// <returns>Null when there is none, or it is only half written.</returns>
    internal static PostmasterFile? Read(string data)
    {
        var path = System.IO.Path.Combine(data, "postmaster.pid");
        string[] lines;
        try
        {
            lines = File.ReadAllLines(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }

        if (lines.Length == 0 || !int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId))
        {
            return null;
        }

        _ = int.TryParse(lines.ElementAtOrDefault(PortLine), CultureInfo.InvariantCulture, out var port);

        // A single-user server writes a negative process id.
        return new PostmasterFile(path, Math.Abs(processId), port, lines.ElementAtOrDefault(StatusLine)?.Trim() is "ready" or "standby");
    }

    /// <summary>Whether the process that the file names is the server of the data directory.</summary>
    internal ServerProcess Judge(string data) => Judge(ProcessId, data);

    internal static ServerProcess Judge(int processId, string data)
    {
        if (!IsRunning(processId))
        {
            return ServerProcess.No;
        }

        if (OperatingSystem.IsLinux())
        {
            return JudgeByProc(processId, data);
        }

        // The server's command line, as this library starts it, names the data directory.
        using var ps = Process.Start(new ProcessStartInfo("ps", ["-o", "command=", "-p", processId.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true,
        })!;
        var command = ps.StandardOutput.ReadToEnd();
        ps.WaitForExit();
        return !command.Contains("postgres", StringComparison.Ordinal) ? ServerProcess.No
            : command.Contains(data, StringComparison.Ordinal) ? ServerProcess.Yes
            : ServerProcess.Unknown;
    }

    /// <summary>Whether a process runs; one that ended and only waits to be collected does not.</summary>
    internal static bool IsRunning(int processId)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                // "pid (name) state ...": the name may hold anything, so the state is found from the last parenthesis.
                var stat = File.ReadAllText($"/proc/{processId}/stat");
                return stat[stat.LastIndexOf(')') + 2] is not ('Z' or 'X');
            }
            catch (IOException)
            {
                return false;
            }
        }

        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    // A server works inside its data directory (it changes there at its start).
    private static ServerProcess JudgeByProc(int processId, string data)
    {
        try
        {
            if (File.ReadAllText($"/proc/{processId}/comm").Trim() is not ("postgres" or "postmaster"))
            {
                return ServerProcess.No;
            }

            var working = new FileInfo($"/proc/{processId}/cwd").ResolveLinkTarget(returnFinalTarget: false)?.FullName;
            var real = new DirectoryInfo(data).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? data;
            return working is null ? ServerProcess.Unknown
                : working == RealPath(real) ? ServerProcess.Yes
                : ServerProcess.No;
        }
        catch (UnauthorizedAccessException)
        {
            // Another account's server: PostgreSQL demands that the owner of a data directory runs it, so it is not this one's.
            return ServerProcess.No;
        }
        catch (IOException)
        {
            return IsRunning(processId) ? ServerProcess.Unknown : ServerProcess.No;
        }
    }

    // Links in any parent, as the kernel sees the path.
    private static string RealPath(string path)
    {
        var parent = System.IO.Path.GetDirectoryName(path);
        if (parent is null)
        {
            return path;
        }

        var here = System.IO.Path.Combine(RealPath(parent), System.IO.Path.GetFileName(path));
        return new DirectoryInfo(here).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? here;
    }
}
