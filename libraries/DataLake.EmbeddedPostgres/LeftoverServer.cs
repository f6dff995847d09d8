using System.Globalization;
using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>Deals with what a killed host left in a data directory: a server that still ends, or the file of one that is gone.</summary>
[UnsupportedOSPlatform("windows")]
internal static class LeftoverServer
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(25);
    private static readonly TimeSpan SupervisorGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ImmediateShutdown = TimeSpan.FromSeconds(10);

    /// <summary>Returns when no server works in the folder's data directory. The caller holds the host lock.</summary>
    /// <exception cref="EmbeddedPostgresException">A server is there that does not end.</exception>
    internal static async Task EndAsync(ClusterFolder folder, EmbeddedPostgresOptions options, Action<string> say, CancellationToken cancel)
    {
        var file = await ReadSettledAsync(folder, options.TimeProvider, cancel);
        if (file is null)
        {
            return;
        }

        switch (file.Judge(folder.Data))
        {
            case ServerProcess.No:
                // A dead process is left to PostgreSQL, which also looks for its backends. It would stop at a living one, though,
                // even when the number has gone to another program or to one that only waits to be collected.
                if (ProcessExists(file.ProcessId))
                {
                    say($"Removed {file.Path}: its process {file.ProcessId} is not a PostgreSQL server of this folder.");
                    File.Delete(file.Path);
                }

                return;

            case ServerProcess.Unknown:
                throw StillThere(folder, file.ProcessId);

            case ServerProcess.Yes:
                say($"A server that an earlier host left (process {file.ProcessId}) still runs in {folder.Path}: waiting for its end.");
                await EndAsync(folder, file.ProcessId, options, cancel);
                return;
        }
    }

    private static async Task EndAsync(ClusterFolder folder, int processId, EmbeddedPostgresOptions options, CancellationToken cancel)
    {
        // Its supervisor saw the host go and is ending it; the rest is for the case that the supervisor was killed, too.
        (string Signal, TimeSpan Wait)[] steps = [("0", SupervisorGrace), ("INT", options.StopTimeout), ("QUIT", ImmediateShutdown), ("KILL", ImmediateShutdown)];
        foreach (var (signal, wait) in steps)
        {
            var arguments = new[] { "-c", "kill -\"$1\" \"$2\"", "sh", signal, processId.ToString(CultureInfo.InvariantCulture) };
            await ProgramRun.ToEndAsync(ProgramRun.Describe("/bin/sh", arguments, account: null, "/"), input: null, cancel);
            var began = options.TimeProvider.GetTimestamp();
            do
            {
                if (PostmasterFile.Judge(processId, folder.Data) == ServerProcess.No)
                {
                    return;
                }

                await Task.Delay(Poll, options.TimeProvider, cancel);
            }
            while (options.TimeProvider.GetElapsedTime(began) < wait);
        }

        throw StillThere(folder, processId);
    }

    // A server writes its file in two steps; an unreadable one that stays so was cut short by a crash, and PostgreSQL would stop at it.
    private static async Task<PostmasterFile?> ReadSettledAsync(ClusterFolder folder, TimeProvider clock, CancellationToken cancel)
    {
        var path = Path.Combine(folder.Data, "postmaster.pid");
        var began = clock.GetTimestamp();
        while (File.Exists(path))
        {
            if (PostmasterFile.Read(folder.Data) is { } file)
            {
                return file;
            }

            if (clock.GetElapsedTime(began) > SupervisorGrace)
            {
                File.Delete(path);
                return null;
            }

            await Task.Delay(Poll, clock, cancel);
        }

        return null;
    }

    private static bool ProcessExists(int processId) =>
        OperatingSystem.IsLinux() ? Directory.Exists($"/proc/{processId}") : PostmasterFile.IsRunning(processId);

    private static EmbeddedPostgresException StillThere(ClusterFolder folder, int processId) => new(
        EmbeddedPostgresErrorKind.InUse,
        $"A PostgreSQL server (process {processId}) that no host watches may still work in {folder.Data}. Stop it (kill -INT {processId}) and start again.");
}
