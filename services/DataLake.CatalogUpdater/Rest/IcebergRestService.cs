using System.Net;
using DataLake.Iceberg.Catalogs;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;
using Microsoft.Extensions.Options;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>
/// The web server of the catalog, at a port of its own: health checks stay where they are, and whoever may see those need not see the lake. Without a configured port nothing is made. It is a bare Kestrel
/// (no configuration, no host filtering, no pages), so that starting it costs little.
/// </summary>
public sealed partial class IcebergRestService(
    ICatalog catalog, IOptions<IcebergRestOptions> options, SecretResolver secrets, ILoggerFactory loggers, ILogger<IcebergRestService> logger) : IHostedService, IAsyncDisposable
{
    private WebApplication? app;

    /// <summary>Where it listens; null while it does not.</summary>
    public Uri? Address => app is null ? null : new Uri(app.Urls.Single());

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Port is not { } port)
        {
            return;
        }

        var access = new RestAccess(options.Value.Token is { } reference ? secrets.Resolve(SecretReference.Parse(reference)) : null);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = typeof(IcebergRestService).Assembly.GetName().Name });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Parse(options.Value.Address), port);
        });
        builder.Services.AddSingleton(loggers).AddRoutingCore();
        app = builder.Build();
        app.MapIcebergRest(catalog, access);
        try
        {
            await app.StartAsync(cancellationToken);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException($"{options.Value.Address} port {port} cannot be listened at: {error.Message} Choose another {IcebergRestOptions.Section}:{nameof(IcebergRestOptions.Port)}, or end what listens there.", error);
        }

        Serving(catalog.Name, Address!);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    [LoggerMessage(LogLevel.Information, "The catalog {Catalog} is served for reading at {Address}")]
    private partial void Serving(string catalog, Uri address);
}
