using Npgsql;

namespace DataLake.Testing;

/// <summary>An empty database of a test's own on the shared server; dropped, with whoever is connected, when disposed.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _maintenance;

    internal TestDatabase(string name, string connectionString, string maintenance)
    {
        Name = name;
        ConnectionString = connectionString;
        DataSource = NpgsqlDataSource.Create(connectionString);
        _maintenance = maintenance;
    }

    /// <summary>The database's name.</summary>
    public string Name { get; }

    /// <summary>How to connect to it as superuser.</summary>
    public string ConnectionString { get; }

    /// <summary>Pooled connections to it.</summary>
    public NpgsqlDataSource DataSource { get; }

    /// <summary>Runs statements and returns the number of rows they changed.</summary>
    public async Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first value of a query's first row.</summary>
    public async Task<T> ScalarAsync<T>(string sql, CancellationToken cancellationToken = default)
    {
        await using var command = DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Drops the database.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await using var connection = new NpgsqlConnection(_maintenance);
        await connection.OpenAsync();
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS \"{Name}\" WITH (FORCE)", connection);
        try
        {
            await drop.ExecuteNonQueryAsync();
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse)
        {
            // A replication slot still streams from it; it goes with the whole cluster at the end of the test run.
        }
    }
}
