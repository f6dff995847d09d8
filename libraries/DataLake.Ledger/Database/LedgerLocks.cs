using Npgsql;

namespace DataLake.Ledger.Database;

/// <summary>Locks by name among all programs on one ledger. Each is held on a connection of its own, so that it ends with the process that holds it.</summary>
public sealed class LedgerLocks(NpgsqlDataSource ledger)
{
    /// <summary>Takes a lock if it is free.</summary>
    /// <param name="name">Its name, such as <c>scheduler</c>.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>What releases it, or null where another holds it.</returns>
    public async Task<IAsyncDisposable?> TryTakeAsync(string name, CancellationToken cancellation)
    {
        var connection = await ledger.OpenConnectionAsync(cancellation);
        try
        {
            await using var command = Command(connection, "SELECT pg_try_advisory_lock(hashtextextended('datalake/' || $1, 0))", name);
            if (await command.ExecuteScalarAsync(cancellation) is true)
            {
                return new Held(connection, name);
            }
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, string name) => new(sql, connection) { Parameters = { new() { Value = name } } };

    private sealed class Held(NpgsqlConnection connection, string name) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection)
            await using (var command = Command(connection, "SELECT pg_advisory_unlock(hashtextextended('datalake/' || $1, 0))", name))
            {
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}
