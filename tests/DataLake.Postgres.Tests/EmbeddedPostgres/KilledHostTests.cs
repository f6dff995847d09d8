using System.Diagnostics;
using System.Globalization;
using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

/// <summary>The test program runs again as a host, and is killed in every way.</summary>
public sealed class KilledHostTests : IDisposable
{
    private readonly ServerFolder _folder = new();
    private Process? _host;

    [Fact]
    public async Task A_host_killed_while_its_other_child_lives_takes_the_server_with_it()
    {
        StartHost("wait-with-a-child");
        var server = await ReadNumberAsync();
        var child = await ReadNumberAsync();
        try
        {
            _host!.Kill();

            await Eventually.Async(() => !PostmasterFile.IsRunning(server));
            PostmasterFile.IsRunning(child).ShouldBeTrue("the other child does not hold the pipe, so it need not end first");
        }
        finally
        {
            await SignalAsync("KILL", child.ToString(CultureInfo.InvariantCulture));
        }

        await using var next = await _folder.StartAsync();
    }

    [Fact]
    public async Task A_start_right_after_the_kill_waits_for_the_old_server()
    {
        StartHost("wait");
        var server = await ReadNumberAsync();
        _host!.Kill();
        await _host.WaitForExitAsync();

        await using var next = await _folder.StartAsync();

        PostmasterFile.Judge(server, _folder.In("data")).ShouldBe(ServerProcess.No);
        next.ProcessId.ShouldNotBe(server);
    }

    [Fact]
    public async Task A_host_that_is_told_to_terminate_takes_the_server_with_it()
    {
        StartHost("wait");
        var server = await ReadNumberAsync();

        await SignalAsync("TERM", HostId);

        await Eventually.Async(() => !PostmasterFile.IsRunning(server));
    }

    [Fact]
    public async Task A_host_that_fails_takes_the_server_with_it()
    {
        StartHost("throw");
        var server = await ReadNumberAsync();

        await Eventually.Async(() => !PostmasterFile.IsRunning(server));
        await _host!.WaitForExitAsync();
        _host.ExitCode.ShouldNotBe(0);
    }

    [Fact(Timeout = 60_000)] // Where this program was started with SIGINT ignored (nohup, & in a script), no host hears of it.
    public async Task Ctrl_C_reaches_the_host_and_not_the_server()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/setsid"), "setsid gives the host a process group, as a terminal would; it is not installed.");
        StartHost("use-the-server-after-ctrl-c", ownSession: true);
        var server = await ReadNumberAsync();
        (await _host!.StandardOutput.ReadLineAsync()).ShouldBe("listening");

        // A terminal signals the whole foreground group.
        await SignalAsync("INT", "-" + HostId);

        (await _host.StandardOutput.ReadLineAsync()).ShouldBe("the server still answers");
        await _host.WaitForExitAsync();
        _host.ExitCode.ShouldBe(0);
        PostmasterFile.IsRunning(server).ShouldBeFalse();
    }

    [Fact]
    public async Task A_server_whose_supervisor_was_killed_too_is_stopped_by_the_next_start()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The supervisor's processes are found in /proc.");
        StartHost("wait");
        var server = await ReadNumberAsync();
        foreach (var process in ProcessesOfSession(SessionOf(server)).Where(process => process != server && ParentOf(process) != server))
        {
            await SignalAsync("KILL", process.ToString(CultureInfo.InvariantCulture));
        }

        _host!.Kill();
        await _host.WaitForExitAsync();
        PostmasterFile.Judge(server, _folder.In("data")).ShouldBe(ServerProcess.Yes);

        await using var next = await _folder.StartAsync();

        PostmasterFile.IsRunning(server).ShouldBeFalse();
        _folder.Said.ShouldHaveSingleItem().ShouldContain($"process {server}");
    }

    [Fact]
    public async Task A_host_killed_while_it_creates_the_cluster_leaves_no_process_and_no_half_cluster()
    {
        var programs = PostgresPrograms.Find();
        Programs.Write(_folder.In("bin"), "postgres", programs.Version);
        Programs.Write(_folder.In("bin"), "initdb", programs.Version, """
            for last; do :; done
            mkdir data; echo 15 > data/PG_VERSION; echo $$ > number; exec sleep 300
            """);
        StartHost("wait", programs: _folder.In("bin"));
        var initdb = await Eventually.ValueAsync(
            () => Task.FromResult(Directory.EnumerateFiles(_folder.Path, "number", SearchOption.AllDirectories).Select(File.ReadAllText).FirstOrDefault("")),
            written => written.EndsWith('\n'));

        _host!.Kill();

        await Eventually.Async(() => !PostmasterFile.IsRunning(int.Parse(initdb, CultureInfo.InvariantCulture)));
        await using var next = await _folder.StartAsync();
        Directory.EnumerateDirectories(_folder.Path, "initdb-*").ShouldBeEmpty();
    }

    public void Dispose()
    {
        if (_host is { HasExited: false })
        {
            _host.Kill();
        }

        _host?.Dispose();
        _folder.Dispose();
    }

    private string HostId => _host!.Id.ToString(CultureInfo.InvariantCulture);

    private void StartHost(string behaviour, bool ownSession = false, string? programs = null)
    {
        string[] command =
        [
            .. ownSession ? new[] { "setsid" } : [],
            "dotnet", "exec", typeof(HostProgram).Assembly.Location, HostProgram.Command, _folder.Path, behaviour,
            .. programs is null ? Array.Empty<string>() : [programs],
        ];
        _host = Process.Start(new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
    }

    private async Task<int> ReadNumberAsync()
    {
        var line = await _host!.StandardOutput.ReadLineAsync();
        return line is null
            ? throw new InvalidOperationException("The host ended: " + await _host.StandardError.ReadToEndAsync())
            : int.Parse(line, CultureInfo.InvariantCulture);
    }

    private static async Task SignalAsync(string signal, string target)
    {
        using var kill = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "kill -s \"$1\" -- \"$2\"", "sh", signal, target]))!;
        await kill.WaitForExitAsync();
        kill.ExitCode.ShouldBe(0);
    }

    // Fields of /proc/<pid>/stat after the name: state, parent, group, session.
    private static string[] Stat(int process)
    {
        var stat = File.ReadAllText($"/proc/{process}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }

    private static int ParentOf(int process) => int.Parse(Stat(process)[1], CultureInfo.InvariantCulture);

    private static int SessionOf(int process) => int.Parse(Stat(process)[3], CultureInfo.InvariantCulture);

    private static List<int> ProcessesOfSession(int session)
    {
        var found = new List<int>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var process) && SessionOf(process) == session)
                {
                    found.Add(process);
                }
            }
            catch (IOException)
            {
                // It ended meanwhile.
            }
        }

        return found;
    }
}
