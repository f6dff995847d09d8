using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>A running server under the script <c>supervise-server.sh</c>, which ends it when the pipe held here closes.</summary>
internal sealed class SupervisedServer : IDisposable
{
    // The script itself escalates to SIGKILL ten seconds after SIGQUIT.
    private static readonly TimeSpan Escalation = TimeSpan.FromSeconds(15);

    private readonly Process _supervisor;
    private readonly string _data;
    private readonly TimeSpan _stopTimeout;

    private SupervisedServer(Process supervisor, int processId, string data, TimeSpan stopTimeout)
    {
        _supervisor = supervisor;
        ProcessId = processId;
        _data = data;
        _stopTimeout = stopTimeout;
        Ended = supervisor.WaitForExitAsync();
    }

    /// <summary>The server's process id.</summary>
    internal int ProcessId { get; }

    /// <summary>Completes when the server has ended.</summary>
    internal Task Ended { get; }

    [UnsupportedOSPlatform("windows")]
    internal static async Task<SupervisedServer> StartAsync(
        PostgresPrograms programs, ClusterFolder folder, ServerAccount account, IEnumerable<string> arguments, TimeSpan stopTimeout)
    {
        var seconds = ((int)Math.Ceiling(stopTimeout.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var start = SupervisorScript.Describe(
            "supervise-server.sh", [programs.Postgres, folder.Log, seconds, .. arguments], account, folder.Path);
        var supervisor = Process.Start(start)!;
        var errors = supervisor.StandardError.ReadToEndAsync();

        // Not cancellable: the line comes at once, and a supervisor that was started must be known to be ended.
        var line = await supervisor.StandardOutput.ReadLineAsync();
        if (int.TryParse(line, CultureInfo.InvariantCulture, out var processId))
        {
            return new SupervisedServer(supervisor, processId, folder.Data, stopTimeout);
        }

        supervisor.StandardInput.Close();
        await supervisor.WaitForExitAsync();
        supervisor.Dispose();
        throw new EmbeddedPostgresException(
            EmbeddedPostgresErrorKind.StartFailed, $"The PostgreSQL server of {folder.Path} could not be started: {(await errors).Trim()}");
    }

    /// <summary>Asks for a fast shutdown, and waits; the bound is the stop time-out and what escalation adds.</summary>
    [UnsupportedOSPlatform("windows")]
    internal async Task StopAsync()
    {
        try
        {
            await _supervisor.StandardInput.WriteAsync("stop\n");
            _supervisor.StandardInput.Close();
        }
        catch (IOException)
        {
            // The pipe is broken: the supervisor has ended already.
        }

        if (await EndsWithinAsync(_stopTimeout + Escalation))
        {
            return;
        }

        if (PostmasterFile.Judge(ProcessId, _data) == ServerProcess.Yes)
        {
            using var server = Process.GetProcessById(ProcessId);
            server.Kill();
        }

        if (!await EndsWithinAsync(Escalation))
        {
            _supervisor.Kill();
        }
    }

    public void Dispose() => _supervisor.Dispose();

    private async Task<bool> EndsWithinAsync(TimeSpan bound)
    {
        using var timer = new CancellationTokenSource();
        var ended = await Task.WhenAny(Ended, Task.Delay(bound, timer.Token)) == Ended;
        await timer.CancelAsync();
        return ended;
    }
}
