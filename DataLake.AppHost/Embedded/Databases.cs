using DataLake.AppHost.Settings;
using DataLake.EmbeddedPostgres;
using DataLake.SampleSource;
using Npgsql;
using Spectre.Console;

namespace DataLake.AppHost.Embedded;

/// <summary>The databases the system works with: those that were given, and for the others a private cluster.</summary>
internal sealed class Databases : IAsyncDisposable
{
    private const string LedgerDatabase = "ledger";

    private readonly EmbeddedPostgresServer? server;

    private Databases(EmbeddedPostgresServer? server, string ledger, string? source)
    {
        this.server = server;
        Ledger = ledger;
        Source = source;
    }

    /// <summary>The ledger's connection string.</summary>
    public string Ledger { get; }

    /// <summary>The source's connection string; null where definitions refer to sources of their own.</summary>
    public string? Source { get; }

    /// <summary>Completes when the private server has ended; never, where there is none.</summary>
    public Task Ended => server?.Ended ?? Task.Delay(Timeout.Infinite);

    public static async Task<Databases> OpenAsync(AppHostSettings settings, CancellationToken cancellation)
    {
        RequireReadable(settings.Source, "--source");
        RequireReadable(settings.Ledger, "--ledger");
        if (settings.Ledger is not null && !settings.Sample)
        {
            return new Databases(null, settings.Ledger, settings.Source);
        }

        var server = await EmbeddedPostgresServer.StartAsync(new EmbeddedPostgresOptions
        {
            DataDirectory = FolderOf(settings.DataDirectory),
            ProgramsFolder = settings.PostgresFolder,
            Say = message => Console.Error.WriteLine(message),
        }, cancellation);
        try
        {
            var ledger = settings.Ledger;
            if (ledger is null)
            {
                await server.EnsureDatabaseAsync(LedgerDatabase, cancellation);
                ledger = server.ConnectionString(LedgerDatabase);
            }

            var source = settings.Source;
            if (settings.Sample)
            {
                await server.EnsureDatabaseAsync(SampleDatabase.Name, cancellation);
                source = server.ConnectionString(SampleDatabase.Name);
                await CreateSampleAsync(source, settings.Rows, cancellation);
            }

            return new Databases(server, ledger, source);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where the private cluster of a data directory lies.</summary>
    public static string FolderOf(string dataDirectory) => Path.Combine(dataDirectory, "postgres");

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
    }

    private static async Task CreateSampleAsync(string connectionString, long rows, CancellationToken cancellation)
    {
        var options = new SampleOptions { Rows = rows, AsOf = TimeProvider.System.GetUtcNow() };
        if (Console.IsOutputRedirected)
        {
            if (await SampleDatabase.CreateAsync(connectionString, options, null, cancellation))
            {
                Console.WriteLine($"Sample source made: {rows:N0} rows in {string.Join(", ", SampleDatabase.Tables)}");
            }

            return;
        }

        await AnsiConsole.Progress().AutoClear(true).StartAsync(async progress =>
        {
            var task = progress.AddTask("Making the sample source", maxValue: Math.Max(rows, 1));
            await SampleDatabase.CreateAsync(connectionString, options, new Progress<long>(done => task.Value = done), cancellation);
        });
    }

    private static void RequireReadable(string? connectionString, string option)
    {
        try
        {
            _ = connectionString is null ? null : new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What the driver says may quote a part of the string, which can be the password.
            throw new InvalidInputException($"The connection string given with {option} cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=name;Username=user;Password=...'.");
        }
    }
}
