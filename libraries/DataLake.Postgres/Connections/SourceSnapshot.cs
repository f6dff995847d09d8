using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;
using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>
/// One instant of a source, shared by several connections: each is in a REPEATABLE READ, READ ONLY transaction that sees the same rows
/// (<see href="https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-SNAPSHOT-SYNCHRONIZATION">snapshot synchronization</see>).
/// </summary>
public sealed class SourceSnapshot : IAsyncDisposable
{
    private static readonly Statement Begin = new("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");

    // What a value looks like as text must not depend on the server's or the user's settings.
    private static readonly Statement[] Settings =
    [
        new("SET LOCAL TimeZone = 'UTC'"),
        new("SET LOCAL DateStyle = 'ISO, YMD'"),
        new("SET LOCAL IntervalStyle = 'postgres'"),
        new("SET LOCAL extra_float_digits = 1"),
        new("SET LOCAL bytea_output = 'hex'"),
        new("SET LOCAL idle_in_transaction_session_timeout = 0"),
        // A policy that hides rows from this user gives an error instead of a table with holes.
        new("SET LOCAL row_security = off"),
    ];

    private readonly SourceConnections connections;
    private readonly SnapshotOptions options;
    private readonly List<SourceConnection> inside;

    // What each connection inside exported the snapshot as, the first ones first. A name holds as long as the transaction that exported it.
    private readonly List<string> names;

    private readonly Lock gate = new();

    private SourceSnapshot(SourceConnections connections, SnapshotOptions options, SourceConnection owner, string name, string? lsn)
    {
        this.connections = connections;
        this.options = options;
        Owner = owner;
        inside = [owner];
        names = [name];
        Lsn = lsn;
    }

    /// <summary>
    /// The log position just after the snapshot was taken. It orders snapshots; it is no place to start replication from, because a transaction that committed
    /// around the snapshot can be on either side of it. Only the snapshot that a replication slot exports is exact.
    /// </summary>
    public string? Lsn { get; }

    /// <summary>The connection that took the snapshot; it can read too.</summary>
    public SourceConnection Owner { get; }

    /// <summary>The connections that see the instant, as far as is known, those that came first before the others.</summary>
    public IReadOnlyList<SourceConnection> Inside
    {
        get
        {
            lock (gate)
            {
                return [.. inside];
            }
        }
    }

    /// <inheritdoc cref="TakeAsync(SourceConnections, SnapshotOptions, CancellationToken)"/>
    public static Task<SourceSnapshot> TakeAsync(SourceConnections connections, CancellationToken cancellation) => TakeAsync(connections, new SnapshotOptions(), cancellation);

    /// <summary>Takes a snapshot.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses, or a standby does not show yet what it must.</exception>
    public static async Task<SourceSnapshot> TakeAsync(SourceConnections connections, SnapshotOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connections);
        ArgumentNullException.ThrowIfNull(options);
        const string what = "taking a snapshot";
        var connection = await connections.OpenAsync(cancellation);
        try
        {
            if (options.VisibleTo is { } instant)
            {
                // On this connection, because others may lead to other standbys; and before the transaction, whose first statement takes the snapshot.
                await connections.EnsureVisibleAsync(connection, instant, cancellation);
            }

            var answers = await connection.RunAsync(wire => wire.QueryAll(
            [
                Begin, .. Settings, .. SourceConnection.Bounds(options.StatementTimeout, options.LockTimeout),
                new("SELECT pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END"),
            ]), what, cancellation);
            var rows = answers[^1];
            return new SourceSnapshot(connections, options, connection, NameIn(rows), rows[0][1]);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Opens one more connection that sees the same instant, if the source has one free now; null if not. It can be joined in its turn, so the snapshot outlives its owner.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses; or nobody is inside the snapshot any more.</exception>
    public async Task<SourceConnection?> TryJoinAsync(CancellationToken cancellation)
    {
        var connection = await connections.TryOpenAsync(cancellation);
        if (connection is null)
        {
            return null;
        }

        try
        {
            await JoinAsync(connection, cancellation);
            lock (gate)
            {
                inside.Add(connection);
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends a connection, which is lost or of no more use.</summary>
    /// <returns>How many are left inside.</returns>
    public async Task<int> LeaveAsync(SourceConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        await connection.DisposeAsync();
        lock (gate)
        {
            inside.Remove(connection);
            return inside.Count;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var connection in Inside)
        {
            await connection.DisposeAsync();
        }
    }

    private async Task JoinAsync(SourceConnection connection, CancellationToken cancellation)
    {
        const string what = "joining a snapshot";
        SourceException? lost = null;
        foreach (var name in Names())
        {
            try
            {
                var answers = await connection.RunAsync(wire => wire.QueryAll(
                [
                    Begin, new($"SET TRANSACTION SNAPSHOT '{name}'"), .. Settings, .. SourceConnection.Bounds(options.StatementTimeout, options.LockTimeout),
                    new("SELECT pg_export_snapshot()"),
                ]), what, cancellation);
                Add(NameIn(answers[^1]));
                return;
            }
            catch (SourceException error) when (error.InnerException is ServerErrorException { Error.SqlState: PostgresErrorCodes.InvalidParameterValue or PostgresErrorCodes.UndefinedObject })
            {
                lost = error;
                Remove(name);
                await connection.ExecuteAsync("ROLLBACK", what, cancellation);
            }
        }

        throw new SourceException(SourceErrorKind.Unreachable,
            $"The source has lost the snapshot while {what}: no connection is inside it any more{(lost?.InnerException is { } cause ? $" ({cause.Message})" : "")}. The run is tried again with a new one.", lost);
    }

    private static string NameIn(IReadOnlyList<string?[]> rows) =>
        rows is [[{ } name, ..]] && name.All(letter => char.IsAsciiHexDigit(letter) || letter == '-') ? name
            : throw new SourceException(SourceErrorKind.Corrupt, "The source gave no name for a snapshot. Check that the host and port of its connection string are PostgreSQL's.");

    private string[] Names()
    {
        lock (gate)
        {
            return [.. names];
        }
    }

    private void Add(string name)
    {
        lock (gate)
        {
            names.Add(name);
        }
    }

    private void Remove(string name)
    {
        lock (gate)
        {
            names.Remove(name);
        }
    }
}
