using System.CommandLine;
using DataLake.Cli.Output;
using DataLake.EmbeddedPostgres;
using DataLake.Ledger.Database;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;

namespace DataLake.Cli.Ledgers;

/// <summary>
/// The ledger a command looks into: the one that was given, or the one of a data directory. Its private server is used where it runs, and otherwise started
/// for as long as the command takes.
/// </summary>
internal sealed class LedgerAccess : IAsyncDisposable
{
    private const string DatabaseName = "ledger";

    private readonly EmbeddedPostgresServer? server;

    private LedgerAccess(EmbeddedPostgresServer? server, NpgsqlDataSource dataSource)
    {
        this.server = server;
        DataSource = dataSource;
        var options = new DbContextOptionsBuilder<LedgerContext>();
        LedgerDatabase.Configure(options, dataSource);
        Contexts = new PooledDbContextFactory<LedgerContext>(options.Options);
    }

    public static Option<string> DataDirectoryOption { get; } = new("--data-dir")
    {
        Description = "The data directory of the system.", DefaultValueFactory = _ => ".datalake",
    };

    public static Option<string?> LedgerOption { get; } = new("--ledger")
    {
        Description = "The connection string of the ledger's database, where it is not in the data directory (also: DATALAKE_LEDGER).",
    };

    public IDbContextFactory<LedgerContext> Contexts { get; }

    public NpgsqlDataSource DataSource { get; }

    public static async Task<LedgerAccess> OpenAsync(ParseResult parsed, CancellationToken cancellation) => await TryOpenAsync(parsed, cancellation) ?? throw new Failure(
        $"There is no ledger in {Path.GetFullPath(parsed.GetValue(DataDirectoryOption)!)}. Start the system first (dotnet run --project DataLake.AppHost -- --once), or say where its ledger is with --data-dir or --ledger.");

    /// <summary>Opens the ledger; null where none is named and the data directory has none yet.</summary>
    public static async Task<LedgerAccess?> TryOpenAsync(ParseResult parsed, CancellationToken cancellation)
    {
        if ((parsed.GetValue(LedgerOption) ?? Environment.GetEnvironmentVariable("DATALAKE_LEDGER")) is { } given)
        {
            return await OpenAsync(null, given, cancellation);
        }

        var folder = Path.Combine(Path.GetFullPath(parsed.GetValue(DataDirectoryOption)!), "postgres");
        if (!Directory.Exists(folder))
        {
            return null;
        }

        if (await EmbeddedPostgresServer.TryAttachAsync(folder, cancellation) is { } running)
        {
            return await OpenAsync(null, running.ConnectionString(DatabaseName), cancellation);
        }

        var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions { DataDirectory = folder }, cancellation);
        try
        {
            return await OpenAsync(server, server.ConnectionString(DatabaseName), cancellation);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<LedgerAccess> OpenAsync(EmbeddedPostgresServer? server, string connectionString, CancellationToken cancellation)
    {
        NpgsqlDataSource dataSource;
        try
        {
            // The server's views, and whoever waits for this command, see who it is.
            dataSource = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "lake" });
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What the driver says may quote a part of the string, which can be the password.
            throw new Failure("The ledger's connection string cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=ledger;Username=user;Password=...'.");
        }

        await LedgerDatabase.MigrateAsync(dataSource, cancellation);
        return new LedgerAccess(server, dataSource);
    }
}
