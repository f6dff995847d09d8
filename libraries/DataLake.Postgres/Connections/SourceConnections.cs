using System.Diagnostics.CodeAnalysis;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;

namespace DataLake.Postgres.Connections;

/// <summary>Connections to one source. They say who they are (<c>application_name</c>), and verify the server's certificate unless it is on this machine.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that is only awaited has nothing to dispose, and runs may give their places back at any time.")]
public sealed class SourceConnections
{
    private readonly WireSettings settings;
    private readonly SemaphoreSlim slots;
    private readonly SourceConnections? primary;

    /// <summary>Prepares connections; none is opened yet.</summary>
    /// <param name="connectionString">In Npgsql's form. Without an <c>SSL Mode</c>, a server that is not on this machine must show a certificate that verifies.</param>
    /// <param name="maxConnections">How many connections runs may use at once.</param>
    /// <param name="applicationName">What the server's administrators see.</param>
    /// <param name="primary">The primary, where these connections go to a standby that is read in its place. It is asked for its clock alone, and only when the standby seems to be behind.</param>
    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    public SourceConnections(string connectionString, int maxConnections, string applicationName, SourceConnections? primary = null)
        : this(SourceConnectionString.Read(connectionString, applicationName), maxConnections, new SemaphoreSlim(Math.Max(maxConnections, 1)), primary)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConnections, 1);
    }

    private SourceConnections(WireSettings settings, int maxConnections, SemaphoreSlim slots, SourceConnections? primary)
    {
        this.settings = settings;
        this.slots = slots;
        this.primary = primary;
        MaxConnections = maxConnections;
    }

    /// <summary>How many connections runs may use at once.</summary>
    public int MaxConnections { get; }

    /// <summary>Opens a connection for a run; waits where runs use all of them.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses.</exception>
    public async Task<SourceConnection> OpenAsync(CancellationToken cancellation)
    {
        await slots.WaitAsync(cancellation);
        return await OpenSlotAsync(cancellation);
    }

    /// <summary>Opens a connection for a run if one is free now, or returns null.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses.</exception>
    public async Task<SourceConnection?> TryOpenAsync(CancellationToken cancellation) =>
        await slots.WaitAsync(TimeSpan.Zero, cancellation) ? await OpenSlotAsync(cancellation) : null;

    /// <summary>The same connections, with the same limit, under another name (<see cref="ApplicationName"/>).</summary>
    public SourceConnections Named(string applicationName) => new(settings with { ApplicationName = applicationName }, MaxConnections, slots, primary);

    /// <summary>
    /// The source's own clock: the instant up to which everything that was committed can be seen. On a standby that is how far it has replayed its primary's log.
    /// </summary>
    /// <exception cref="SourceException">The server does not answer or refuses; or a standby cannot tell how far it has come.</exception>
    public async Task<DateTimeOffset> ClockAsync(CancellationToken cancellation)
    {
        await using var connection = await OpenExtraAsync(SourceClock.Asking, cancellation);
        return await new SourceClock(connection, primary).ReadAsync(null, cancellation);
    }

    /// <summary>Makes sure that a snapshot which is taken next shows everything that was committed before an instant.</summary>
    /// <param name="connection">The connection that will take it.</param>
    /// <param name="instant">The instant, on the clock of the primary.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">A standby has not replayed as much yet, or what should be a standby is none.</exception>
    internal async Task EnsureVisibleAsync(SourceConnection connection, DateTimeOffset instant, CancellationToken cancellation)
    {
        var visible = await new SourceClock(connection, primary).ReadAsync(instant, cancellation);
        if (visible < instant)
        {
            throw new SourceException(SourceErrorKind.Query,
                $"The replica has replayed its primary up to {visible:yyyy-MM-dd HH:mm:ss.fff}Z, and the window reaches to {instant.UtcDateTime:yyyy-MM-dd HH:mm:ss.fff}Z. The run is tried again; " +
                "if this repeats, look at the replica's lag (pg_stat_replication on the primary), or raise the table's 'retry_delay'.");
        }
    }

    /// <summary>Opens one more than the runs may use: they can hold all of theirs for hours.</summary>
    internal Task<SourceConnection> OpenExtraAsync(string what, CancellationToken cancellation) => SourceConnection.OpenAsync(settings, () => { }, what, cancellation);

    private async Task<SourceConnection> OpenSlotAsync(CancellationToken cancellation)
    {
        try
        {
            return await SourceConnection.OpenAsync(settings, () => slots.Release(), "connecting", cancellation);
        }
        catch
        {
            slots.Release();
            throw;
        }
    }
}
