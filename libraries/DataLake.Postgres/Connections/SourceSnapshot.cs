using DataLake.Postgres.Errors;
using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>
/// One instant of a source, shared by several connections: each is in a REPEATABLE READ, READ ONLY transaction that sees the same rows
/// (<see href="https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION">snapshot synchronization</see>).
/// </summary>
public sealed class SourceSnapshot : IAsyncDisposable
{
    // What a value looks like as text must not depend on the server's or the user's settings.
    private const string Settings =
        "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1; " +
        "SET LOCAL bytea_output = 'hex'; SET LOCAL idle_in_transaction_session_timeout = 0; ";

    private readonly SourceConnections connections;
    private readonly SourceConnection owner;

    private SourceSnapshot(SourceConnections connections, SourceConnection owner, string name, string? lsn)
    {
        this.connections = connections;
        this.owner = owner;
        Name = name;
        Lsn = lsn;
    }

    /// <summary>The exported snapshot's name.</summary>
    public string Name { get; }

    /// <summary>
    /// The log position just after the snapshot was taken. It orders snapshots; it is no place to start replication from, because a transaction that committed
    /// around the snapshot can be on either side of it. Only the snapshot that a replication slot exports is exact.
    /// </summary>
    public string? Lsn { get; }

    /// <summary>The connection that took the snapshot; it can read too, and must stay open as long as others join.</summary>
    public NpgsqlConnection Owner => owner.Connection;

    /// <summary>Takes a snapshot.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses.</exception>
    public static async Task<SourceSnapshot> TakeAsync(SourceConnections connections, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connections);
        var connection = await connections.OpenAsync(cancellation);
        try
        {
            await BeginAsync(connection.Connection, Settings, cancellation);
            await using var command = new NpgsqlCommand(
                "SELECT pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text", connection.Connection);
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            await reader.ReadAsync(cancellation);
            return new SourceSnapshot(connections, connection, reader.GetString(0), reader.IsDBNull(1) ? null : reader.GetString(1));
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            throw error is OperationCanceledException ? error : SourceException.From(error, "taking a snapshot");
        }
    }

    /// <summary>Opens one more connection that sees the same instant, if the source has one free now; null if not.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses.</exception>
    public async Task<SourceConnection?> TryJoinAsync(CancellationToken cancellation)
    {
        var connection = await connections.TryOpenAsync(cancellation);
        if (connection is null)
        {
            return null;
        }

        try
        {
            // The name came from the server, and consists of hexadecimal digits and hyphens.
            await BeginAsync(connection.Connection, $"SET TRANSACTION SNAPSHOT '{Name}'; {Settings}", cancellation);
            return connection;
        }
        catch (Exception error)
        {
            await connection.DisposeAsync();
            throw error is OperationCanceledException ? error : SourceException.From(error, "joining a snapshot");
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => owner.DisposeAsync();

    private static async Task BeginAsync(NpgsqlConnection connection, string settings, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand($"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {settings}", connection);
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
