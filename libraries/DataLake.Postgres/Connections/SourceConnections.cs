using DataLake.Postgres.Errors;
using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>Connections to one source, pooled. They say who they are (<c>application_name</c>), and verify the server's certificate unless it is on this machine.</summary>
public sealed class SourceConnections : IAsyncDisposable
{
    private readonly NpgsqlDataSource dataSource;
    private readonly SemaphoreSlim slots;

    /// <summary>Prepares connections; none is opened yet.</summary>
    /// <param name="connectionString">In Npgsql's form. Without an <c>SSL Mode</c>, a server that is not on this machine must show a certificate that verifies.</param>
    /// <param name="maxConnections">How many connections runs may use at once.</param>
    /// <param name="applicationName">What the server's administrators see.</param>
    /// <exception cref="SourceException">The connection string cannot be read. The message does not repeat it.</exception>
    public SourceConnections(string connectionString, int maxConnections, string applicationName)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConnections, 1);
        var settings = SourceConnectionString.Parse(connectionString, maxConnections, applicationName);
        try
        {
            dataSource = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException or InvalidOperationException)
        {
            throw SourceConnectionString.Unreadable();
        }

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
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellation);
            await using var command = new NpgsqlCommand("SELECT clock_timestamp()", connection);
            return new DateTimeOffset((DateTime)(await command.ExecuteScalarAsync(cancellation))!);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, "asking for the time");
        }
    }

    /// <inheritdoc/>
    /// <remarks>A connection that a run still holds is closed when the run gives it back.</remarks>
    public ValueTask DisposeAsync() => dataSource.DisposeAsync();

    private async Task<SourceConnection> OpenSlotAsync(CancellationToken cancellation)
    {
        try
        {
            return new SourceConnection(await dataSource.OpenConnectionAsync(cancellation), slots);
        }
        catch (Exception error)
        {
            slots.Release();
            throw error is OperationCanceledException ? error : SourceException.From(error, "connecting");
        }
    }
}
