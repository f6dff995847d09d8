using System.Runtime.Versioning;

namespace DataLake.EmbeddedPostgres;

/// <summary>Makes a cluster with initdb, beside its place and then renamed, so that a killed creation leaves no half cluster.</summary>
[UnsupportedOSPlatform("windows")]
internal static class ClusterCreation
{
    private const string TemporaryPrefix = "initdb-";

    /// <summary>Creates PostgreSQL's data directory of the folder.</summary>
    /// <param name="programs">Whose initdb.</param>
    /// <param name="folder">Where; it has no cluster yet.</param>
    /// <param name="account">Who owns the data.</param>
    /// <param name="password">The superuser's.</param>
    /// <param name="sync">Whether to flush to disk.</param>
    /// <param name="cancel">Ends initdb.</param>
    internal static async Task CreateAsync(
        PostgresPrograms programs, ClusterFolder folder, ServerAccount account, string password, bool sync, CancellationToken cancel)
    {
        var temporary = Path.Combine(folder.Path, TemporaryPrefix + Guid.NewGuid().ToString("n")[..8]);
        try
        {
            Directory.CreateDirectory(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            await account.GiveAsync(temporary, cancel);

            var data = Path.Combine(temporary, "data");
            string[] arguments =
            [
                programs.InitDb, temporary,
                "--pgdata", data, "--username", EmbeddedPostgresConnection.Superuser, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C",
                .. sync ? Array.Empty<string>() : ["--no-sync"],
            ];
            var start = SupervisorScript.Describe("create-cluster.sh", arguments, account, temporary);
            var (code, output) = await ProgramRun.ToEndAsync(start, password + "\n", cancel);
            if (code != 0)
            {
                throw Failed(folder, output);
            }

            Directory.Move(data, folder.Data);
        }
        finally
        {
            Delete(temporary);
        }
    }

    /// <summary>Deletes what creations that were killed left; the caller holds the host lock.</summary>
    internal static void DeleteRemains(ClusterFolder folder)
    {
        foreach (var remains in Directory.EnumerateDirectories(folder.Path, TemporaryPrefix + "*"))
        {
            Delete(remains);
        }
    }

    private static void Delete(string temporary)
    {
        try
        {
            if (Directory.Exists(temporary))
            {
                Directory.Delete(temporary, recursive: true);
            }
        }
        catch (IOException)
        {
            // A killed initdb may write for a moment longer; the next start deletes the rest.
        }
    }

    private static EmbeddedPostgresException Failed(ClusterFolder folder, string output)
    {
        var last = string.Join('\n', output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(10));
        return output.Contains("No space left on device", StringComparison.Ordinal)
            ? new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.DiskFull,
                $"The disk of {folder.Path} is full: a new database cluster needs about 60 MB. Free some space, or choose a folder on another disk.")
            : new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.CreationFailed,
                $"initdb could not create the database cluster in {folder.Path}. Its last words:\n{last}");
    }
}
