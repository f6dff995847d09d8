using System.Globalization;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;

namespace DataLake.Postgres.Connections;

/// <summary>
/// A connection that a run holds. What it does blocks, on a thread of the connection's own: a socket that is waited for in the ordinary asynchronous way costs
/// several times the processor time of all the rest. One call at a time. Disposing it ends its transaction and lets another run use its place.
/// </summary>
public sealed class SourceConnection : IAsyncDisposable
{
    private const string Asking = "asking it something";

    private readonly WireConnection wire;
    private readonly ConnectionThread thread;
    private readonly Action onClosed;
    private int isBusy;
    private int disposed;

    private SourceConnection(WireConnection wire, ConnectionThread thread, Action onClosed)
    {
        this.wire = wire;
        this.thread = thread;
        this.onClosed = onClosed;
    }

    /// <inheritdoc cref="ExecuteAsync(string, string, CancellationToken)"/>
    public Task ExecuteAsync(string sql, CancellationToken cancellation) => ExecuteAsync(sql, Asking, cancellation);

    /// <inheritdoc cref="QueryAsync(string, IReadOnlyList{string}, string, CancellationToken)"/>
    public Task<IReadOnlyList<string?[]>> QueryAsync(string sql, IReadOnlyList<string?> parameters, CancellationToken cancellation) => QueryAsync(sql, parameters, Asking, cancellation);

    /// <summary>Runs commands, separated by semicolons. Rows that they give are not kept.</summary>
    /// <param name="sql">The commands.</param>
    /// <param name="what">What they are for, for messages ("taking a snapshot").</param>
    /// <param name="cancellation">Stops the call. The connection is of no use then.</param>
    /// <exception cref="SourceException">The server refuses, or the connection broke.</exception>
    public Task ExecuteAsync(string sql, string what, CancellationToken cancellation) => RunAsync(wire =>
    {
        wire.Execute(sql);
        return true;
    }, what, cancellation);

    /// <summary>Runs a query with parameters (<c>$1</c> ...), all as text.</summary>
    /// <param name="sql">The query.</param>
    /// <param name="parameters">The parameters' values.</param>
    /// <param name="what">What it is for, for messages ("looking up public.shipments").</param>
    /// <param name="cancellation">Stops the call. The connection is of no use then.</param>
    /// <returns>The rows; each value as the server writes it as text, or null.</returns>
    /// <exception cref="SourceException">The server refuses, or the connection broke.</exception>
    public Task<IReadOnlyList<string?[]>> QueryAsync(string sql, IReadOnlyList<string?> parameters, string what, CancellationToken cancellation) =>
        RunAsync(wire => wire.Query(sql, parameters), what, cancellation);

    /// <summary>
    /// Bounds the statements of the transaction that is open. A shorter time that the server or its user has set holds.
    /// </summary>
    /// <param name="statement">How long a statement may take; null to leave it.</param>
    /// <param name="forLock">How long it may wait for a lock; null to leave it.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">The server refuses, or the connection broke.</exception>
    internal Task BoundAsync(TimeSpan? statement, TimeSpan? forLock, CancellationToken cancellation) =>
        Bounds(statement, forLock) is { Count: > 0 } bounds ? RunAsync(wire => wire.QueryAll(bounds), "bounding its statements", cancellation) : Task.CompletedTask;

    /// <summary>What <see cref="BoundAsync"/> asks: one statement, or none where nothing is to be bounded.</summary>
    internal static IReadOnlyList<Statement> Bounds(TimeSpan? statement, TimeSpan? forLock)
    {
        if (statement is null && forLock is null)
        {
            return [];
        }

        return [new Statement(
            """
            SELECT set_config(s.name, least(b.bound, nullif(s.setting::bigint, 0))::text, true)
            FROM pg_settings s JOIN (VALUES ('statement_timeout', $1::bigint), ('lock_timeout', $2::bigint)) b (name, bound) ON b.name = s.name
            WHERE b.bound IS NOT NULL
            """, Milliseconds(statement), Milliseconds(forLock))];

        // 0 would be no bound at all.
        static string? Milliseconds(TimeSpan? time) =>
            time is { } given ? Math.Clamp((long)given.TotalMilliseconds, 1, int.MaxValue).ToString(CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Connects.</summary>
    /// <param name="settings">Where and how.</param>
    /// <param name="onClosed">Called once, when the connection is disposed.</param>
    /// <param name="what">What it is for, for messages.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SourceException">The server does not answer in time, refuses, or is not trusted.</exception>
    internal static async Task<SourceConnection> OpenAsync(WireSettings settings, Action onClosed, string what, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var thread = new ConnectionThread();
        try
        {
            return new SourceConnection(await thread.RunAsync(() => WireConnection.Open(settings, cancellation)), thread, onClosed);
        }
        catch (Exception error)
        {
            thread.Dispose();
            if (error is OperationCanceledException)
            {
                throw;
            }

            throw SourceException.From(error, what);
        }
    }

    /// <summary>Does something that blocks on the connection, on its thread. Cancelling breaks the connection off, and the server's query with it.</summary>
    /// <exception cref="SourceException">The server refuses, or the connection broke. What else <paramref name="work"/> throws comes as it is.</exception>
    internal async Task<T> RunAsync<T>(Func<WireConnection, T> work, string what, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (Interlocked.Exchange(ref isBusy, 1) != 0)
        {
            throw new SourceException(SourceErrorKind.Query, $"A source's connection was asked for something else while {what}: it does one thing at a time. This is a mistake in DataLake; please report it.");
        }

        try
        {
            await using var abort = cancellation.UnsafeRegister(static wire => ((WireConnection)wire!).Abort(), wire);
            return await thread.RunAsync(() => work(wire));
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception error) when (error is WireException or ServerErrorException)
        {
            throw SourceException.From(error, what);
        }
        finally
        {
            Volatile.Write(ref isBusy, 0);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (Volatile.Read(ref isBusy) != 0)
            {
                wire.Abort();
            }

            await Task.Run(wire.Dispose);
        }
        finally
        {
            thread.Dispose();
            onClosed();
        }
    }
}
