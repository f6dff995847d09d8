using DataLake.EmbeddedPostgres;
using Npgsql;

namespace DataLake.Testing;

/// <summary>A streaming standby of a server, made with pg_basebackup: on a port of its own at 127.0.0.1, in a temporary folder, stopped and deleted when disposed.</summary>
public sealed class TestStandby : IAsyncDisposable
{
    private const UnixFileMode ForAll = (UnixFileMode)0b111_111_111;

    private readonly EmbeddedPostgresServer _primary;
    private readonly EmbeddedPostgresServer _server;
    private readonly TemporaryFolder _folder;

    private TestStandby(EmbeddedPostgresServer primary, EmbeddedPostgresServer server, TemporaryFolder folder)
    {
        _primary = primary;
        _server = server;
        _folder = folder;
    }

    /// <summary>Copies the primary and starts the copy as its standby.</summary>
    /// <param name="primary">A server with <c>wal_level</c> of at least replica.</param>
    /// <param name="settings">Settings of the standby, besides those in which it must be no smaller than its primary.</param>
    public static async Task<TestStandby> StartAsync(EmbeddedPostgresServer primary, IReadOnlyDictionary<string, string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(primary);
        var folder = new TemporaryFolder();
        try
        {
            var cluster = folder.In("standby");
            Directory.CreateDirectory(cluster);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(cluster, ForAll); // The server's account makes the copy, because it must own it.
            }

            var password = new NpgsqlConnectionStringBuilder(primary.ConnectionString("postgres")).Password!;
            await File.WriteAllTextAsync(Path.Combine(cluster, "password"), password + "\n");
            var program = Path.Combine(PostgresPrograms.Find().Folder, "pg_basebackup");
            var copy = $"PGPASSWORD={password} {program} --host=127.0.0.1 --port={primary.Port} --username=datalake --pgdata={cluster}/data --write-recovery-conf --wal-method=stream --checkpoint=fast --no-sync";
            await ExecuteAsync(primary, $"COPY (SELECT) TO PROGRAM '{copy}'");
            var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
            {
                DataDirectory = cluster,
                Settings = new Dictionary<string, string>(settings ?? new Dictionary<string, string>())
                {
                    ["fsync"] = "off",
                    ["shared_buffers"] = "16MB",
                    ["max_connections"] = await ScalarAsync<string>(primary, "SHOW max_connections"),
                    ["max_wal_senders"] = await ScalarAsync<string>(primary, "SHOW max_wal_senders"),
                },
            });
            return new TestStandby(primary, server, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>How to connect to a database on the standby as superuser.</summary>
    public string ConnectionString(string database) => _server.ConnectionString(database);

    /// <summary>The first value of a query's first row, on the standby.</summary>
    public Task<T> ScalarAsync<T>(string sql) => ScalarAsync<T>(_server, sql);

    /// <summary>Waits until the standby has replayed all that the primary has committed by now.</summary>
    public async Task CatchUpAsync()
    {
        // Where the server may commit before it writes, only this place in the log is behind all commits.
        var lsn = await ScalarAsync<string>(_primary, "SELECT pg_current_wal_insert_lsn()::text");
        await Eventually.Async(() => ScalarAsync<bool>($"SELECT pg_last_wal_replay_lsn() >= '{lsn}'"), TimeSpan.FromSeconds(30));
    }

    /// <summary>Makes the standby fall behind: what comes from now on is received, and not replayed until <see cref="ResumeAsync"/>.</summary>
    public async Task PauseAsync()
    {
        await ExecuteAsync(_server, "SELECT pg_wal_replay_pause()");
        await Eventually.Async(() => ScalarAsync<bool>("SELECT pg_get_wal_replay_pause_state() = 'paused'"), TimeSpan.FromSeconds(30));
    }

    /// <summary>Lets the standby replay again.</summary>
    public Task ResumeAsync() => ExecuteAsync(_server, "SELECT pg_wal_replay_resume()");

    /// <summary>Stops the standby and deletes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private static async Task ExecuteAsync(EmbeddedPostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("postgres"));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<T> ScalarAsync<T>(EmbeddedPostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create(server.ConnectionString("postgres"));
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
