using System.Net.Sockets;
using DataLake.Postgres.Wire;
using Npgsql;

namespace DataLake.Postgres.Errors;

/// <summary>What went wrong with a source.</summary>
public enum SourceErrorKind
{
    /// <summary>The connection string cannot be used: it cannot be read, or the server does not fit it (no TLS, a certificate that is not trusted, a missing password ...).</summary>
    BadConnectionString,

    /// <summary>The server does not answer, or went away.</summary>
    Unreachable,

    /// <summary>The server refuses the user, or the user may not read the table.</summary>
    Denied,

    /// <summary>The database, table or column is not there.</summary>
    Missing,

    /// <summary>The definition does not fit the table (a cursor that is no time, a key that is not unique ...).</summary>
    Unfit,

    /// <summary>A value cannot be kept as the table's types promise.</summary>
    Value,

    /// <summary>The bytes that came are not what the protocol promises.</summary>
    Corrupt,

    /// <summary>The source was busier than its limits allow, or the read was in others' way.</summary>
    Busy,

    /// <summary>The server ended the query (time-out, conflict, out of memory ...).</summary>
    Query,
}

/// <summary>An error of a source, with what to do about it. The message names no secret.</summary>
public sealed class SourceException(SourceErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What went wrong.</summary>
    public SourceErrorKind Kind { get; } = kind;

    /// <summary>Whether the same read may succeed later without a change by a person.</summary>
    public bool CanRetry => Kind is SourceErrorKind.Unreachable or SourceErrorKind.Busy or SourceErrorKind.Query or SourceErrorKind.Corrupt;

    /// <summary>Says what an error of the driver or the server means, while doing <paramref name="what"/> (for example "reading public.shipments").</summary>
    public static SourceException From(Exception error, string what)
    {
        ArgumentNullException.ThrowIfNull(error);
        return error switch
        {
            SourceException known => known,
            ServerErrorException server => FromServer(server.Error, error, what),
            WireException { Problem: WireProblem.Unusable } => new(SourceErrorKind.BadConnectionString,
                $"The source's connection cannot be used while {what}: {Sentence(error)}", error),
            WireException { Problem: WireProblem.Garbled } => new(SourceErrorKind.Corrupt,
                $"What the source sent while {what} is not PostgreSQL's protocol: {Sentence(error)} Nothing of it is kept and the run is tried again; check that the host and port of the source's connection string are PostgreSQL's.", error),
            WireException or SocketException or IOException or TimeoutException => new(SourceErrorKind.Unreachable,
                $"The source does not answer while {what}: {Sentence(error)} Check the host and port of the source's connection string and that the server runs; the run is tried again.", error),
            _ => new(SourceErrorKind.Query, $"An error came up while {what}: {error.Message}", error),
        };
    }

    private static SourceException FromServer(ServerError server, Exception error, string what) => server.SqlState switch
    {
        _ when server.SqlState.StartsWith("28", StringComparison.Ordinal) => new(SourceErrorKind.Denied,
            $"The source refuses the user while {what}: {server.Message}. Check the user and password that the source's connection refers to.", error),
        PostgresErrorCodes.InsufficientPrivilege => new(SourceErrorKind.Denied,
            $"The source does not allow {what}: {server.Message}. Grant the user SELECT on the table and USAGE on its schema.", error),
        PostgresErrorCodes.InvalidCatalogName => new(SourceErrorKind.Missing,
            $"The source's server has no such database while {what}: {server.Message}. Check the database in the source's connection string.", error),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn => new(SourceErrorKind.Missing,
            $"The source changed while {what}: {server.Message}. Adjust the definition to the table as it is now.", error),
        _ when server.SqlState.StartsWith("57P", StringComparison.Ordinal) || server.SqlState.StartsWith("08", StringComparison.Ordinal) => new(SourceErrorKind.Unreachable,
            $"The source's server ended the connection while {what}: {server.Message}. The run is tried again; if this repeats, look into the server's log.", error),
        PostgresErrorCodes.TooManyConnections => new(SourceErrorKind.Unreachable,
            $"The source has no connection left while {what}: {server.Message}. Lower max_connections of the source, or raise the server's.", error),
        // A reading transaction that cannot go on because of others: only replay on a standby does that.
        PostgresErrorCodes.SerializationFailure => new(SourceErrorKind.Query,
            $"The standby broke off {what}, because replaying its primary's log needed rows or a lock that the read still held: {server.Message}. The run is tried again. If this repeats, " +
            "set hot_standby_feedback = on at the standby (its primary then keeps dead rows for as long as it reads), or raise its max_standby_streaming_delay.", error),
        PostgresErrorCodes.LockNotAvailable => new(SourceErrorKind.Query,
            $"Somebody held a lock for longer than reading waits for one while {what}: {server.Message}. Reading needs ACCESS SHARE alone, so it was an ALTER TABLE, VACUUM FULL, TRUNCATE or LOCK TABLE. " +
            "The run is tried again; if this repeats, look into pg_locks, or raise 'lock_timeout' under the source's 'limits'.", error),
        PostgresErrorCodes.QueryCanceled => new(SourceErrorKind.Query,
            $"The source's server cancelled the query while {what}: {server.Message}. The run is tried again. Where its time was over: a statement may take what is left of the table's 'timeout', or less where the server says so. " +
            "Raise its statement_timeout for this user or the table's 'timeout', read smaller windows, or split the table into more chunks.", error),
        // Class 22, data exceptions: the same value gives the same error next time.
        _ when server.SqlState.StartsWith("22", StringComparison.Ordinal) => new(SourceErrorKind.Value,
            $"The source's server cannot send a value while {what}: {server.Message} ({server.SqlState}). Mend the value in the source, or the view that computes it.", error),
        _ => new(SourceErrorKind.Query, $"The source's server answered with an error while {what}: {server.Message} ({server.SqlState}).", error),
    };

    private static string Sentence(Exception error) => error.Message.EndsWith('.') ? error.Message : error.Message + ".";
}
