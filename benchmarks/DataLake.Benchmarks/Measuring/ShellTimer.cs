using System.Diagnostics;
using System.Globalization;

namespace DataLake.Benchmarks.Measuring;

/// <summary>Runs a shell pipeline and measures all its processes together with the shell's own <c>time</c>.</summary>
internal static class ShellTimer
{
    public static async Task<(double Seconds, double CpuSeconds, string Output)> RunAsync(string pipeline, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add($"set -o pipefail; TIMEFORMAT='%R %U %S'; time {{ {pipeline} ; }}");
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = (await process.StandardError.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        var times = errors.Split('\n')[^1].Split(' ');
        if (process.ExitCode != 0 || times.Length != 3)
        {
            throw new InvalidOperationException($"'{pipeline}' failed with {process.ExitCode}: {errors}");
        }

        var numbers = times.Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray();
        return (numbers[0], numbers[1] + numbers[2], await output);
    }
}
