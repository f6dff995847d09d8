using System.Globalization;
using System.Net;
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
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString)
            {
                ApplicationName = applicationName,
                MaxPoolSize = maxConnections + 1, // One more answers what time it is while runs use all of theirs.
                MinPoolSize = 0,
                CommandTimeout = 0,
                IncludeErrorDetail = false,
                PersistSecurityInfo = false,
                NoResetOnClose = false,
            };
            if (string.IsNullOrEmpty(settings.Host))
            {
                throw new ArgumentException("no Host is given");
            }

            if (!settings.ContainsKey("SSL Mode") && !IsThisMachine(settings.Host))
            {
                settings.SslMode = SslMode.VerifyFull;
            }

            dataSource = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
            slots = new SemaphoreSlim(maxConnections);
            MaxConnections = maxConnections;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The error may quote a part of the string, which can be the password: it is left out.
            throw new SourceException(SourceErrorKind.BadConnectionString,
                "The source's connection string cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=operations;Username=datalake;Password=...' in the place the definition refers to.");
        }
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
    public async ValueTask DisposeAsync()
    {
        await dataSource.DisposeAsync();
        slots.Dispose();
    }

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

    private static bool IsThisMachine(string hosts) => hosts.Split(',').All(host =>
    {
        var name = host.Split(':')[0].Trim();
        return name.StartsWith('/') || name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out var address) && IPAddress.IsLoopback(address)) || name.Length == 0 && host.Contains("::1", StringComparison.Ordinal);
    });

    /// <summary>An instant as an SQL literal, in PostgreSQL's resolution.</summary>
    internal static string Literal(DateTimeOffset instant) =>
        $"timestamptz '{instant.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}+00'";

    /// <summary>A local time as an SQL literal, in PostgreSQL's resolution.</summary>
    internal static string Literal(DateTime local) =>
        $"timestamp '{local.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture)}'";
}
