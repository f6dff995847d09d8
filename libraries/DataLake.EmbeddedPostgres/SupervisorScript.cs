using System.Diagnostics;
using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>Starts one of this library's shell scripts in a session of its own, so that the terminal's Ctrl-C does not reach it.</summary>
[UnsupportedOSPlatform("windows")]
internal static class SupervisorScript
{
    private const string Shell = "/bin/sh";

    internal static ProcessStartInfo Describe(string script, IReadOnlyList<string> arguments, ServerAccount account, string workingFolder)
    {
        string[] shell = ["-c", Text(script), $"datalake-{Path.GetFileNameWithoutExtension(script)}", .. arguments];
        var setsid = SetsidProgram();
        var start = setsid is null
            ? ProgramRun.Describe(Shell, shell, account.Name, workingFolder)
            : ProgramRun.Describe(setsid, [Shell, .. shell], account.Name, workingFolder);
        start.Environment["DATALAKE_OWN_SESSION"] = setsid is null ? "0" : "1";
        return start;
    }

    // Part of every Linux; macOS has none, and there the script's job control does for it.
    private static string? SetsidProgram() => new[] { "/usr/bin/setsid", "/bin/setsid" }.FirstOrDefault(File.Exists);

    private static string Text(string script)
    {
        using var stream = typeof(SupervisorScript).Assembly.GetManifestResourceStream(script)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
