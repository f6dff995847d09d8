using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Npgsql;
using Xunit;

namespace DataLake.Postgres.Tests.Governor;

/// <summary>A server on which nobody works but the test that runs: what a governor measures is what the test did.</summary>
public sealed class QuietServer : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    public EmbeddedPostgresServer Server { get; private set; } = null!;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(Server.ConnectionString("postgres")) { Pooling = false }.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        TestPostgres.SkipWithoutPrograms();
        Server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
        {
            DataDirectory = folder.In("cluster"),
            Settings = new Dictionary<string, string> { ["fsync"] = "off", ["shared_buffers"] = "16MB", ["max_connections"] = "40", ["autovacuum"] = "off" },
        });
    }

    /// <summary>A session of somebody else, in a transaction, that has run some commands.</summary>
    public async Task<NpgsqlConnection> SessionAsync(string sql = "SELECT 1")
    {
        var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, "BEGIN;" + sql);
        return connection;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await ExecuteAsync(connection, sql);
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>Waits until so many sessions wait for a lock.</summary>
    public Task WaitingAsync(long sessions) =>
        Eventually.Async(async () => await ScalarAsync<long>("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == sessions);

    public async ValueTask DisposeAsync()
    {
        if (Server is not null)
        {
            await Server.DisposeAsync();
        }

        folder.Dispose();
    }

    public static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }
}
