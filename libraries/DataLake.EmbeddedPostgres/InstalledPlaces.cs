using System.Globalization;

namespace DataLake.EmbeddedPostgres;

/// <summary>Where PostgreSQL's programs may be on a machine.</summary>
/// <param name="NamedFolder">The folder a person named, which rules out all others.</param>
/// <param name="Folders">The folders to look into, best first.</param>
internal sealed record InstalledPlaces(string? NamedFolder, IReadOnlyList<string> Folders)
{
    internal static InstalledPlaces OfThisMachine()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        string[] installed =
        [
            .. NewestFirst("/usr/lib/postgresql", "*", "bin"),                              // Debian, Ubuntu
            .. NewestFirst("/usr", "pgsql-*", "bin"),                                       // Fedora, RHEL (PGDG)
            .. NewestFirst("/opt/homebrew/opt", "postgresql@*", "bin"),                     // Homebrew, Apple silicon
            .. NewestFirst("/usr/local/opt", "postgresql@*", "bin"),                        // Homebrew, Intel
            .. NewestFirst("/Applications/Postgres.app/Contents/Versions", "*", "bin"),     // Postgres.app
        ];
        return new InstalledPlaces(
            Environment.GetEnvironmentVariable(PostgresPrograms.FolderVariable),
            [.. path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Where(Path.IsPathRooted), .. installed]);
    }

    private static IEnumerable<string> NewestFirst(string parent, string pattern, string below)
    {
        if (!Directory.Exists(parent))
        {
            return [];
        }

        return Directory.EnumerateDirectories(parent, pattern)
            .OrderByDescending(VersionInName)
            .Select(folder => Path.Combine(folder, below));
    }

    // "postgresql@17" is 17, "9.6" is 9.6, "latest" is before all numbers.
    private static double VersionInName(string folder)
    {
        var digits = Path.GetFileName(folder).SkipWhile(c => !char.IsAsciiDigit(c)).TakeWhile(c => char.IsAsciiDigit(c) || c == '.');
        return double.TryParse(string.Concat(digits), CultureInfo.InvariantCulture, out var version) ? version : double.MaxValue;
    }
}
