using System.Text.Json;
using DataLake.Testing;

namespace DataLake.Postgres.Tests.Versions;

/// <summary>PostgreSQL's programs of other versions, as tests/servers has them from npm.</summary>
internal static class ServerPackage
{
    /// <summary>Copies the programs of a version to where the server's account can reach them.</summary>
    /// <returns>Whether there are any for this platform.</returns>
    public static bool TryCopy(int version, string target)
    {
        var native = Repository.PathOf("tests", "servers", "node_modules", $"postgres-{version}", "native");
        if (!Directory.Exists(native))
        {
            return false;
        }

        foreach (var file in Directory.EnumerateFiles(native, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(target, Path.GetRelativePath(native, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        // Packages hold no symbolic links, but a list of them.
        using var links = JsonDocument.Parse(File.ReadAllText(Path.Combine(native, "pg-symlinks.json")));
        foreach (var link in links.RootElement.EnumerateArray())
        {
            var (source, name) = (link.GetProperty("source").GetString()!, link.GetProperty("target").GetString()!);
            File.CreateSymbolicLink(Path.Combine(target, Path.GetRelativePath("native", name)), Path.GetFileName(source));
        }

        return true;
    }
}
