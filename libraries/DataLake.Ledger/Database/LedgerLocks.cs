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

    /// <summary>Who holds a lock, for people: the program's name, its process at the server and its address; null where nobody does.</summary>
    public async Task<string?> HolderAsync(string name, CancellationToken cancellation)
    {
        await using var connection = await ledger.OpenConnectionAsync(cancellation);
        // A lock's 64 bits are shown in two halves.
        await using var command = Command(connection,
            """
            SELECT format('%s (process %s of the ledger''s server, from %s)', coalesce(nullif(application_name, ''), 'a program'), pid, coalesce(host(client_addr), 'this machine'))
            FROM pg_locks JOIN pg_stat_activity USING (pid), hashtextextended('datalake/' || $1, 0) AS key
            WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid::bigint = (key >> 32) & 4294967295 AND objid::bigint = key & 4294967295 AND datname = current_database()
            LIMIT 1
            """, name);
        return await command.ExecuteScalarAsync(cancellation) as string;
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
