using Npgsql;

namespace DataLake.Ledger.Scheduling;

/// <summary>The lock that makes one scheduler of many plan at a time. Held on a connection of its own, so that it ends with the process that holds it.</summary>
public sealed class SchedulerLock(NpgsqlDataSource ledger)
{
    private const long Key = 0x6461_7461_7363_6864; // "dataschd"

    /// <summary>Takes the lock if it is free.</summary>
    /// <returns>What releases it, or null where another scheduler holds it.</returns>
    public async Task<IAsyncDisposable?> TryTakeAsync(CancellationToken cancellation)
    {
        var connection = await ledger.OpenConnectionAsync(cancellation);
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", connection) { Parameters = { new() { Value = Key } } };
            if (await command.ExecuteScalarAsync(cancellation) is true)
            {
                return new Held(connection);
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

    private sealed class Held(NpgsqlConnection connection) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection)
            await using (var command = new NpgsqlCommand("SELECT pg_advisory_unlock($1)", connection) { Parameters = { new() { Value = Key } } })
            {
                await command.ExecuteNonQueryAsync();
            }
        }
    }
}
