using System.Diagnostics;

namespace DataLake.EmbeddedPostgres;

/// <summary>How the programs of the cluster are started: with a small environment, and as the account that may run them.</summary>
internal static class ProgramRun
{
    private static readonly string[] KeptVariables = ["PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];

    /// <summary>
    /// A description of a start. The host's environment is not handed down: it may hold secrets, and PG* variables would change
    /// what the programs do. The working folder must be one that the account can reach.
    /// </summary>
    internal static ProcessStartInfo Describe(string program, IEnumerable<string> arguments, string? account, string workingFolder)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = workingFolder,
        };
        if (account is not null)
        {
            start.UserName = account;
        }

        start.Environment.Clear();
        foreach (var name in KeptVariables)
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                start.Environment[name] = value;
            }
        }

        start.Environment["LC_ALL"] = "C";
        start.Environment["TZ"] = "UTC";
        return start;
    }

    /// <summary>Runs a program to its end; a cancelled run is killed.</summary>
    /// <param name="start">From <see cref="Describe"/>.</param>
    /// <param name="input">A line for its standard input, which then stays open until the program ends.</param>
    /// <param name="cancel">Ends the program.</param>
    /// <returns>The exit code, and what it wrote to both outputs.</returns>
    internal static async Task<(int ExitCode, string Output)> ToEndAsync(ProcessStartInfo start, string? input, CancellationToken cancel)
    {
        using var process = Process.Start(start)!;
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancel);
            var errors = process.StandardError.ReadToEndAsync(cancel);
            if (input is not null)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancel);
                await process.StandardInput.FlushAsync(cancel);
            }

            await process.WaitForExitAsync(cancel);
            return (process.ExitCode, await output + await errors);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }
}
