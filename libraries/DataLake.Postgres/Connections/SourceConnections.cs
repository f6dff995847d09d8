using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;

namespace DataLake.Postgres.Connections;

/// <summary>Connections to one source. They say who they are (<c>application_name</c>), and verify the server's certificate unless it is on this machine.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore that is only awaited has nothing to dispose, and runs may give their places back at any time.")]
public sealed class SourceConnections
{
    private readonly WireSettings settings;
    private readonly SemaphoreSlim slots;

    /// <summary>Prepares connections; none is opened yet.</summary>
    /// <param name="connectionString">In Npgsql's form. Without an <c>SSL Mode</c>, a server that is not on this machine must show a certificate that verifies.</param>
    /// <param name="maxConnections">How many connections runs may use at once.</param>
    /// <param name="applicationName">What the server's administrators see.</param>
    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    public SourceConnections(string connectionString, int maxConnections, string applicationName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConnections, 1);
        settings = SourceConnectionString.Read(connectionString, applicationName);
        slots = new SemaphoreSlim(maxConnections);
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

    /// <summary>The source's own clock.</summary>
    /// <exception cref="SourceException">The server does not answer or refuses.</exception>
    public async Task<DateTimeOffset> ClockAsync(CancellationToken cancellation)
    {
        const string what = "asking for the time";
        // One more than the runs may use: they can hold all of theirs for hours.
        await using var connection = await SourceConnection.OpenAsync(settings, () => { }, what, cancellation);
        try
        {
            var rows = await connection.QueryAsync("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", [], what, cancellation);
            return DateTimeOffset.UnixEpoch.AddTicks(long.Parse(rows[0][0]!, CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, what);
        }
    }

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
