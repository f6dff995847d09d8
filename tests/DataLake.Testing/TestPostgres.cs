using DataLake.EmbeddedPostgres;
using Xunit.v3;

namespace DataLake.Testing;

/// <summary>
/// One PostgreSQL server for all tests of a process, started when the first one asks, in a temporary folder, and gone at the end.
/// Use: <c>[assembly: AssemblyFixture(typeof(TestPostgres))]</c>, and take it in the test class's constructor.
/// </summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private static readonly Lazy<int> Version = new(() => PostgresPrograms.Find().MajorVersion);

    private readonly Lazy<Task<(EmbeddedPostgresServer Server, TemporaryFolder Folder)>> _started = new(StartAsync);
    private int _databases;

    /// <summary>The shared server; the test that asks is skipped when PostgreSQL's programs are missing.</summary>
    public async Task<EmbeddedPostgresServer> ServerAsync() => (await _started.Value).Server;

    /// <summary>An empty database; the test that asks is skipped when PostgreSQL's programs are missing.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var server = await ServerAsync();
        var name = $"test_{Interlocked.Increment(ref _databases)}";
        await server.EnsureDatabaseAsync(name, cancellationToken);
        return new TestDatabase(name, server.ConnectionString(name), server.ConnectionString("postgres"));
    }

    /// <summary>The major version of the server, such as 15. Tests hold for every version from 13 on (DATALAKE_POSTGRES_BIN names another than this machine's).</summary>
    public static int MajorVersion => Version.Value;

    /// <summary>Skips the running test where the server is too old for what it tries.</summary>
    public static void SkipBefore(int majorVersion, string what)
    {
        SkipWithoutPrograms();
        if (MajorVersion < majorVersion)
        {
            throw new InvalidOperationException($"{DynamicSkipToken.Value}PostgreSQL {MajorVersion} has no {what}.");
        }
    }

    /// <summary>Skips the running test, with the reason, when PostgreSQL's programs are missing.</summary>
    public static void SkipWithoutPrograms()
    {
        try
        {
            PostgresPrograms.Find();
        }
        catch (EmbeddedPostgresException e) when (e.Kind == EmbeddedPostgresErrorKind.ProgramsNotFound)
        {
            // What Assert.Skip throws; it is not in the package for test libraries.
            throw new InvalidOperationException(DynamicSkipToken.Value + e.Message);
        }
    }

    /// <summary>Stops the server and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated || !_started.Value.IsCompletedSuccessfully)
        {
            return;
        }

        var (server, folder) = await _started.Value;
        await server.DisposeAsync();
        folder.Dispose();
        if (Directory.Exists(server.Directory))
        {
            // The server's account could not reach the temporary folder, and the cluster was placed elsewhere.
            Directory.Delete(server.Directory, recursive: true);
        }
    }

    private static async Task<(EmbeddedPostgresServer Server, TemporaryFolder Folder)> StartAsync()
    {
        SkipWithoutPrograms();
        TemporaryFolder.DeleteThoseOfKilledRuns();
        var folder = new TemporaryFolder();
        try
        {
            var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
            {
                DataDirectory = folder.Path,
                Settings = new Dictionary<string, string>
                {
                    // Nothing here outlives the test run.
                    ["fsync"] = "off",
                    ["synchronous_commit"] = "off",
                    ["full_page_writes"] = "off",
                    ["max_connections"] = "200",
                    ["max_wal_senders"] = "40",
                    ["max_replication_slots"] = "40",
                    ["shared_buffers"] = "128MB",
                    ["wal_level"] = "logical",
                },
            });
            return (server, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }
}
