using DataLake.Catalogs;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Ledger.Columns;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Database;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Maintenance;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Pipelines.Definitions;
using DataLake.ServiceDefaults.Configuration;
using DataLake.ServiceDefaults.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.ServiceDefaults.Sources;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DataLake.ServiceDefaults;

/// <summary>What every service shares: settings, ledger, lake, definitions, secrets, telemetry and health. Messaging is added last, with <c>AddMessaging</c>.</summary>
public static class ServiceDefaultsSetup
{
    /// <summary>Adds what every service shares.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;
        services.AddOptions<DataLakeOptions>().Bind(builder.Configuration.GetSection(DataLakeOptions.Section))
            .PostConfigure(options => options.Ledger ??= builder.Configuration["DATALAKE_LEDGER"])
            .Validate(options => options.Lease > TimeSpan.Zero && options.Tick > TimeSpan.Zero && options.Resend > TimeSpan.Zero,
                "DataLake:Lease, DataLake:Tick and DataLake:Resend have to be longer than nothing, for example 00:00:30.")
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<SecretResolver>();
        services.AddSingleton<PipelineDefinitions>();
        services.AddSingleton<SourcePool>();
        services.AddSingleton<WorkerIdentity>();
        services.AddSingleton(provider => new LakeDirectory(provider.GetRequiredService<IOptions<DataLakeOptions>>().Value.LakeDirectory));
        AddLedger(services);
        AddLakeTables(services, CatalogSettings.Read(name => builder.Configuration[$"{CatalogSettings.Section}:{name}"]));
        builder.AddTelemetry();
        services.AddHealthChecks()
            .AddCheck("self", () => HealthCheckResult.Healthy(), ["live"])
            .AddDbContextCheck<LedgerContext>("ledger", tags: ["ready"]);
        return builder;
    }

    /// <summary>Maps <c>/alive</c> (the process answers) and <c>/health</c> (it can work: the ledger answers too).</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        app.MapHealthChecks("/health");
        return app;
    }

    private static void AddLedger(IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var ledger = provider.GetRequiredService<IOptions<DataLakeOptions>>().Value.Ledger
                ?? throw new InvalidOperationException("No ledger is given. Set DATALAKE_LEDGER (or DataLake:Ledger) to the connection string of its PostgreSQL database, or to a reference such as file:/run/secrets/ledger.");
            var connectionString = SecretReference.TryParse(ledger, out var reference)
                ? provider.GetRequiredService<SecretResolver>().Resolve(reference)
                : ledger;
            return OpenLedger(connectionString);
        });
        services.AddPooledDbContextFactory<LedgerContext>((provider, options) => LedgerDatabase.Configure(options, provider.GetRequiredService<NpgsqlDataSource>()));
        // The health check asks for the context itself.
        services.AddScoped(provider => provider.GetRequiredService<IDbContextFactory<LedgerContext>>().CreateDbContext());
        services.AddSingleton<DefinitionStore>();
        services.AddSingleton<RunPlans>();
        services.AddSingleton<RunClaims>();
        services.AddSingleton<RunQueries>();
        services.AddSingleton<TableColumns>();
        services.AddSingleton<TableCommits>();
        services.AddSingleton<MaintenanceStore>();
        services.AddSingleton<ScheduleStore>();
        services.AddSingleton<LedgerLocks>();
        services.AddSingleton<NoticeStore>();
        // First of the hosted services: no other starts before the ledger is of this version.
        services.AddHostedService<LedgerMigration>();
    }

    private static void AddLakeTables(IServiceCollection services, CatalogSettings catalog)
    {
        services.AddSingleton<TableFiles>();
        services.AddSingleton<MetadataFiles>();
        services.AddSingleton(provider => LakeCatalog.Open(
            catalog, provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<MetadataFiles>(), provider.GetRequiredService<SecretResolver>(), provider.GetRequiredService<TimeProvider>()));
    }

    private static NpgsqlDataSource OpenLedger(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = "DataLake ledger", PersistSecurityInfo = false };
            return new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        }
        catch (Exception error) when (error is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The error may quote a part of the string, which can be the password: it is left out.
            throw new InvalidOperationException(
                "The ledger's connection string cannot be read. Write it as 'Host=db.example.com;Port=5432;Database=datalake;Username=datalake;Password=...' in DATALAKE_LEDGER (or DataLake:Ledger).");
        }
    }

    private sealed class LedgerMigration(NpgsqlDataSource ledger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => LedgerDatabase.MigrateAsync(ledger, cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
