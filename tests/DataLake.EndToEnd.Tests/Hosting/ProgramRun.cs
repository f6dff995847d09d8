using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using DataLake.Testing;

namespace DataLake.EndToEnd.Tests.Hosting;

/// <summary>One of our programs in a process of its own, as a user runs it. It is killed at the end, if it has not ended.</summary>
internal sealed partial class ProgramRun : IAsyncDisposable
{
    private const int Terminate = 15;

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();

    private ProgramRun(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Add(output, line.Data);
        process.ErrorDataReceived += (_, line) => Add(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Output => Read(output);

    public string Errors => Read(errors);

    public string Everything => $"{Output}\n{Errors}";

    public static ProgramRun Start(string program, string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null) =>
        StartDotnet(folder, [Path.Combine(AppContext.BaseDirectory, program), .. arguments], environment);

    /// <summary>Runs <c>dotnet</c> itself.</summary>
    public static ProgramRun StartDotnet(string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment.Remove("DATALAKE_LEDGER");
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return new ProgramRun(new Process { StartInfo = start });
    }

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code; 137 where it was killed.</returns>
    public async Task<int> EndAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(120));
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The program did not end. It printed:\n{Everything}");
        }
    }

    public Task SaysAsync(string text) => Eventually.Async(() => process.HasExited
        ? throw new InvalidOperationException($"The program ended without saying '{text}':\n{Everything}")
        : Everything.Contains(text, StringComparison.Ordinal), TimeSpan.FromSeconds(90));

    /// <summary>Asks it to end, as a service manager does.</summary>
    public void AskToStop() => _ = Signal(process.Id, Terminate);

    /// <summary>Ends it as a power cut does: it gets no chance to say anything.</summary>
    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }

        process.Dispose();
    }

    private static void Add(StringBuilder text, string? line)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }
        }
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
