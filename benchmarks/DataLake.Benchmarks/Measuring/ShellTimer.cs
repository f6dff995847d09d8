using System.Diagnostics;
using System.Globalization;

namespace DataLake.Benchmarks.Measuring;

/// <summary>Runs a shell pipeline and measures all its processes together with the shell's own <c>time</c>.</summary>
internal static class ShellTimer
{
    /// <exception cref="InvalidOperationException">It failed; the message has what it said.</exception>
    /// <exception cref="OperationCanceledException">Nobody waits any more; its processes are ended.</exception>
    public static async Task<(double Seconds, double CpuSeconds, string Output)> RunAsync(
        string pipeline, IReadOnlyDictionary<string, string> environment, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"set -o pipefail; TIMEFORMAT='%R %U %S'; time {{ {pipeline} ; }}");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        await using var abort = cancellation.UnsafeRegister(static process => ((Process)process!).Kill(entireProcessTree: true), process);
        var output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var errors = (await process.StandardError.ReadToEndAsync(CancellationToken.None)).Trim();
        await process.WaitForExitAsync(CancellationToken.None);
        cancellation.ThrowIfCancellationRequested();
        var times = errors.Split('\n')[^1].Split(' ');
        if (process.ExitCode != 0 || times.Length != 3)
        {
            throw new InvalidOperationException($"'{pipeline}' failed with {process.ExitCode}: {errors}");
        }

        var numbers = times.Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1] + numbers[2], await output);
    }
}
