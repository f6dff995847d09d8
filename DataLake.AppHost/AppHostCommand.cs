using System.CommandLine;
using System.Runtime.InteropServices;
using DataLake.AppHost.Embedded;
using DataLake.AppHost.Settings;
using DataLake.Catalogs;
using DataLake.EmbeddedPostgres;
using DataLake.Ledger;
using DataLake.Pipelines.Secrets;
using Microsoft.Extensions.Options;
using Spectre.Console;

namespace DataLake.AppHost;

/// <summary>The command line of the AppHost.</summary>
internal static class AppHostCommand
{
    private const int Failed = 1;
    private const int BadInput = 2;

    public static async Task<int> RunAsync(string[] args)
    {
        var once = new Option<bool>("--once") { Description = "Run every due window, print a summary, and end: with 0, or with 1 if anything failed." };
        var data = new Option<string>("--data-dir") { Description = "Where the lake and the private PostgreSQL cluster lie.", DefaultValueFactory = _ => ".datalake" };
        var pipelines = new Option<string?>("--pipelines") { Description = "The folder (or file) of pipeline definitions. Default: the sample's." };
        var rows = new Option<long>("--rows") { Description = "How many rows the sample source starts with.", DefaultValueFactory = _ => 100_000 };
        var noSample = new Option<bool>("--no-sample") { Description = "Make no sample source, and no traffic on it." };
        var source = new Option<string?>("--source") { Description = "The connection string of an existing source, which definitions refer to as env:DATALAKE_SOURCE. No sample is made then." };
        var ledger = new Option<string?>("--ledger") { Description = "The connection string of an existing PostgreSQL database for the ledger (also: DATALAKE_LEDGER)." };
        var folder = new Option<string?>("--postgres-bin") { Description = $"Where PostgreSQL's programs are, if they are not found (also: {PostgresPrograms.FolderVariable})." };
        var port = new Option<int>("--port") { Description = "The port on 127.0.0.1 for /health and /alive.", DefaultValueFactory = _ => 5480 };
        var verbose = new Option<bool>("--verbose") { Description = "Print the services' log too." };
        rows.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<long>() is < 0 or > 10_000_000_000)
            {
                result.AddError("--rows takes a number from 0 to 10000000000.");
            }
        });

        var command = new RootCommand("DataLake: keeps an analytics lake up to date from PostgreSQL. Runs the whole system in this process.")
        {
            once, data, pipelines, rows, noSample, source, ledger, folder, port, verbose,
        };
        command.SetAction((parsed, cancellation) => StartAsync(new AppHostSettings(
            parsed.GetValue(once),
            Path.GetFullPath(parsed.GetValue(data)!),
            parsed.GetValue(pipelines) ?? SamplePipelines(),
            parsed.GetValue(rows),
            !parsed.GetValue(noSample) && parsed.GetValue(source) is null,
            parsed.GetValue(source),
            parsed.GetValue(ledger) ?? Environment.GetEnvironmentVariable("DATALAKE_LEDGER"),
            parsed.GetValue(folder),
            parsed.GetValue(port),
            parsed.GetValue(verbose))));
        // Signals are handled here: the system needs time to stop in order.
        return await command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    private static async Task<int> StartAsync(AppHostSettings settings)
    {
        using var stop = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = 200;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }

        try
        {
            return await EmbeddedSystem.RunAsync(settings, stop.Token) ? 0 : Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception error) when (error is EmbeddedPostgresException or LedgerException or InvalidInputException or CatalogSettingsException or SecretException or OptionsValidationException)
        {
            Console.Error.WriteLine($"error: {error.Message}");
            return BadInput;
        }
        catch (InvalidOperationException error) when (error.InnerException is FormatException or ArgumentException)
        {
            Console.Error.WriteLine($"error: {error.Message}"); // A setting of another type than is wanted; the message names it.
            return BadInput;
        }

        void Stop(PosixSignalContext signal)
        {
            if (stop.IsCancellationRequested)
            {
                return; // The second one: the runtime ends the process, and the private server ends with it.
            }

            signal.Cancel = true;
            stop.Cancel();
        }
    }

    /// <summary>The sample's definitions: those of a checkout, which can be edited while the system runs, else the copy beside the program.</summary>
    private static string SamplePipelines()
    {
        var checkout = Path.Combine("samples", "pipelines");
        return Directory.Exists(checkout) ? checkout : Path.Combine(AppContext.BaseDirectory, checkout);
    }
}
