using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace DataLake.Benchmarks.Latency;

/// <summary>The embedded host in a process of its own, as a user starts it, with a source that exists.</summary>
internal sealed partial class HostProcess : IAsyncDisposable
{
    private const int Terminate = 15;
    private static readonly TimeSpan LongestStop = TimeSpan.FromSeconds(40);

    private readonly Process process;
    private readonly StringBuilder said = new();

    private HostProcess(Process process) => this.process = process;

    /// <summary>What it said on standard error.</summary>
    public string Errors
    {
        get
        {
            lock (said)
            {
                return said.ToString();
            }
        }
    }

    public bool HasEnded => process.HasExited;

    /// <summary>Starts it.</summary>
    /// <param name="dataDirectory">Where its lake and its ledger's private server go.</param>
    /// <param name="pipelines">The definitions.</param>
    /// <param name="source">The source's connection string, which definitions refer to as <c>env:DATALAKE_SOURCE</c>.</param>
    public static HostProcess Start(string dataDirectory, string pipelines, string source)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "DataLake.AppHost.dll");
        var start = new ProcessStartInfo("dotnet", [program, "--data-dir", dataDirectory, "--pipelines", pipelines, "--no-sample", "--port", "0"])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        start.Environment["DATALAKE_SOURCE"] = source;
        start.Environment.Remove("DATALAKE_LEDGER");
        var host = new HostProcess(new Process { StartInfo = start });
        host.process.OutputDataReceived += (_, _) => { };
        host.process.ErrorDataReceived += (_, line) => host.Hear(line.Data);
        host.process.Start();
        host.process.BeginOutputReadLine();
        host.process.BeginErrorReadLine();
        return host;
    }

    /// <summary>Asks it to stop, and ends it where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        using var timeout = new CancellationTokenSource(LongestStop);
        try
        {
            _ = Signal(process.Id, Terminate);
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }

        process.Dispose();
    }

    private void Hear(string? line)
    {
        lock (said)
        {
            said.AppendLine(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
