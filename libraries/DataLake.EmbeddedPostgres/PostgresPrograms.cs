using System.Diagnostics;
using System.Text.RegularExpressions;

namespace DataLake.EmbeddedPostgres;

/// <summary>A set of PostgreSQL programs of one version, as installed on this machine.</summary>
/// <param name="Folder">The folder that holds them, symbolic links resolved.</param>
/// <param name="Version">What they call themselves, such as <c>15.13</c> or <c>18beta1</c>.</param>
/// <param name="MajorVersion">The major version, such as 15.</param>
public sealed partial record PostgresPrograms(string Folder, string Version, int MajorVersion)
{
    /// <summary>The oldest major version that is accepted.</summary>
    public const int OldestMajorVersion = 13;

    /// <summary>The environment variable that names the programs' folder.</summary>
    public const string FolderVariable = "DATALAKE_POSTGRES_BIN";

    internal string Postgres => Path.Combine(Folder, "postgres");

    internal string InitDb => Path.Combine(Folder, "initdb");

    /// <summary>
    /// Finds the programs: in <paramref name="folder"/> or <c>DATALAKE_POSTGRES_BIN</c> and nowhere else when one of them is given;
    /// otherwise on PATH, then the newest of Debian's, Fedora's, Homebrew's and Postgres.app's places.
    /// </summary>
    /// <exception cref="EmbeddedPostgresException">None is usable (<see cref="EmbeddedPostgresErrorKind.ProgramsNotFound"/>).</exception>
    public static PostgresPrograms Find(string? folder = null) => Find(folder, null, InstalledPlaces.OfThisMachine());

    /// <summary>As <see cref="Find(string?)"/>, but a set of the preferred major version, if there is one, comes before all others.</summary>
    internal static PostgresPrograms Find(string? folder, int? preferredMajor, InstalledPlaces places)
    {
        var named = string.IsNullOrWhiteSpace(folder) ? places.NamedFolder : folder;
        var refused = new List<string>();
        if (!string.IsNullOrWhiteSpace(named))
        {
            return Read(named, refused) ?? throw NotFound($"The folder {named} does not hold usable PostgreSQL programs.", refused);
        }

        PostgresPrograms? first = null;
        foreach (var candidate in places.Folders)
        {
            if (Read(candidate, refused) is not { } programs)
            {
                continue;
            }

            first ??= programs;
            if (preferredMajor is null || programs.MajorVersion == preferredMajor)
            {
                return programs;
            }
        }

        return first ?? throw NotFound("No PostgreSQL programs (initdb, postgres) were found on this machine.", refused);
    }

    private static PostgresPrograms? Read(string folder, List<string> refused)
    {
        var postgres = Path.Combine(folder, "postgres");
        var initdb = Path.Combine(folder, "initdb");
        if (!File.Exists(postgres) || !File.Exists(initdb))
        {
            if (Directory.Exists(folder) && (File.Exists(postgres) || File.Exists(initdb)))
            {
                refused.Add($"{folder}: only one of initdb and postgres is there");
            }

            return null;
        }

        // /usr/local/bin/postgres is often a link into the place where the server's own files are.
        var resolved = Path.GetDirectoryName(new FileInfo(postgres).ResolveLinkTarget(returnFinalTarget: true)?.FullName);
        if (resolved is not null && File.Exists(Path.Combine(resolved, "initdb")))
        {
            folder = resolved;
        }

        var version = AskVersion(Path.Combine(folder, "postgres"));
        var initdbVersion = AskVersion(Path.Combine(folder, "initdb"));
        if (version is null || version != initdbVersion)
        {
            refused.Add($"{folder}: postgres says version {version ?? "nothing"}, initdb says {initdbVersion ?? "nothing"}");
            return null;
        }

        var major = int.Parse(LeadingDigits().Match(version).Value, System.Globalization.CultureInfo.InvariantCulture);
        if (major < OldestMajorVersion)
        {
            refused.Add($"{folder}: version {version} is older than {OldestMajorVersion}");
            return null;
        }

        return new PostgresPrograms(Path.GetFullPath(folder), version, major);
    }

    private static string? AskVersion(string program)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, ["--version"])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = "/",
            })!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            var answer = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                process.Kill();
                return null;
            }

            var match = VersionAnswer().Match(answer.GetAwaiter().GetResult());
            return match.Success ? match.Groups[1].Value : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // Not executable, or not for this machine: not a usable program, and the caller lists the folder as refused.
            return null;
        }
    }

    private static EmbeddedPostgresException NotFound(string what, List<string> refused)
    {
        var seen = refused.Count == 0 ? "" : $" Looked at and refused: {string.Join("; ", refused)}.";
        return new EmbeddedPostgresException(
            EmbeddedPostgresErrorKind.ProgramsNotFound,
            $"{what}{seen} Install PostgreSQL {OldestMajorVersion} or newer (Debian, Ubuntu: apt install postgresql; " +
            "Fedora: dnf install postgresql-server postgresql-contrib; macOS: brew install postgresql@17), " +
            $"or name the folder of its programs in {FolderVariable}, " +
            "or use servers that already run: --source <connection string> and --ledger <connection string>.");
    }

    [GeneratedRegex(@"\(PostgreSQL\)\s+(\d+\S*)")]
    private static partial Regex VersionAnswer();

    [GeneratedRegex(@"^\d+")]
    private static partial Regex LeadingDigits();
}
