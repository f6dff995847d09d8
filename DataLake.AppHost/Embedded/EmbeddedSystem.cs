using System.Net;
using System.Net.Sockets;
using DataLake.AppHost.Progress;
using DataLake.AppHost.Settings;
using DataLake.AppHost.Summary;
using DataLake.CatalogUpdater;
using DataLake.Extractor;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Notifier;
using DataLake.Pipelines.Parsing;
using DataLake.Scheduler;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;

namespace DataLake.AppHost.Embedded;

/// <summary>The whole system in one process: databases, services, progress, and the summary of a run that ends.</summary>
internal static class EmbeddedSystem
{
    private const string SourceVariable = "DATALAKE_SOURCE";

    /// <returns>Whether all went well.</returns>
    public static async Task<bool> RunAsync(AppHostSettings settings, CancellationToken stop)
    {
        RequireValidDefinitions(settings.Pipelines);
        await using var databases = await Databases.OpenAsync(settings, stop);
        if (databases.Source is not null)
        {
            // Definitions refer to the source by this name; services resolve it where they connect.
            Environment.SetEnvironmentVariable(SourceVariable, databases.Source);
        }

        var started = TimeProvider.System.GetUtcNow();
        await using var app = Compose(settings, databases);
        await app.StartAsync(stop);
        try
        {
            return settings.Once
                ? await OnceAsync(app, settings, started, stop)
                : await UntilStoppedAsync(app, settings, databases, started, stop);
        }
        finally
        {
            await app.StopAsync(CancellationToken.None);
        }
    }

    private static WebApplication Compose(AppHostSettings settings, Databases databases)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ApplicationName = "DataLake.AppHost", ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DataLake:Ledger"] = databases.Ledger,
            ["DataLake:LakeDirectory"] = settings.LakeDirectory,
            ["DataLake:Pipelines"] = settings.Pipelines,
            ["Scheduler:Once"] = settings.Once.ToString(),
            ["urls"] = $"http://127.0.0.1:{(settings.Once ? 0 : FreePort(settings.Port))}",
        });
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Logging.SetMinimumLevel(settings.Verbose ? LogLevel.Information : LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        // A message that is tried again is nothing to read about, with its stack; what comes of it the services say.
        builder.Logging.AddFilter("MassTransit.ReceiveTransport", settings.Verbose ? LogLevel.Information : LogLevel.Error);
        builder.Services.Configure<ConsoleLifetimeOptions>(lifetime => lifetime.SuppressStatusMessages = true);

        builder.AddServiceDefaults();
        builder.AddScheduler();
        builder.AddExtractor();
        builder.AddCatalogUpdater();
        builder.AddNotifier();
        builder.AddMessaging();
        builder.Services.AddSingleton<RunWatch>();
        builder.Services.AddSingleton<OnceRun>();
        if (settings.Sample && !settings.Once)
        {
            builder.Services.AddHostedService(_ => new SampleTrafficService(databases.Source!));
        }

        var app = builder.Build();
        app.MapDefaultEndpoints();
        return app;
    }

    private static async Task<bool> OnceAsync(WebApplication app, AppHostSettings settings, DateTimeOffset started, CancellationToken stop)
    {
        using var finished = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var showing = ProgressDisplay.ShowAsync(app.Services.GetRequiredService<RunWatch>(), started, finished.Token);
        bool complete;
        try
        {
            complete = await app.Services.GetRequiredService<OnceRun>().RunAsync(stop);
        }
        finally
        {
            await finished.CancelAsync();
            await showing;
        }

        var runs = await app.Services.GetRequiredService<RunQueries>().SinceAsync(started, stop);
        var silent = await app.Services.GetRequiredService<ScheduleStore>().FailingAsync(stop);
        return RunSummary.Print(runs, silent, settings.LakeDirectory) && complete;
    }

    private static async Task<bool> UntilStoppedAsync(
        WebApplication app, AppHostSettings settings, Databases databases, DateTimeOffset started, CancellationToken stop)
    {
        Console.WriteLine(
            $"""
            DataLake runs. Ctrl-C stops it.
              Lake         {settings.LakeDirectory}
              Definitions  {settings.Pipelines}
              Health       {app.Urls.FirstOrDefault()}/health
            """);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var showing = ProgressDisplay.ShowAsync(app.Services.GetRequiredService<RunWatch>(), started, either.Token);
        var ended = await Task.WhenAny(databases.Ended, Task.Delay(Timeout.Infinite, stop));
        await either.CancelAsync();
        await showing;
        Console.WriteLine("Stopping ...");
        if (ended == databases.Ended)
        {
            throw new InvalidInputException(
                $"The private PostgreSQL server ended by itself; its log is in {Databases.FolderOf(settings.DataDirectory)}. Start again: nothing is lost.");
        }

        return true;
    }

    private static void RequireValidDefinitions(string path)
    {
        var errors = PipelineFolder.Load(path).Errors;
        if (errors.Count > 0)
        {
            throw new InvalidInputException($"the definitions have {errors.Count} error(s):{Environment.NewLine}{string.Join(Environment.NewLine, errors)}");
        }
    }

    /// <summary>The wanted port, or another where something listens on it already.</summary>
    private static int FreePort(int wanted)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, wanted);
            probe.Start();
            return wanted;
        }
        catch (SocketException)
        {
            return 0;
        }
    }
}
