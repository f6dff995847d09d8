using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using DataLake.CatalogUpdater.Rest;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Updates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>A request as the server received it.</summary>
internal sealed record SentRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>
/// A REST catalog over real HTTP on loopback: DataLake's own service for reading, the writes of the protocol beside it, and a place before both where a test answers in their stead.
/// </summary>
internal sealed class CatalogServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<SentRequest> requests = new();

    private CatalogServer(WebApplication app) => this.app = app;

    public MemoryCatalog Catalog { get; } = new();

    public IReadOnlyList<SentRequest> Requests => [.. requests];

    /// <summary>Answers a request and returns true, or leaves it to the catalog.</summary>
    public Func<HttpContext, Task<bool>> Before { get; set; } = _ => Task.FromResult(false);

    /// <summary>What happens when a commit is made and its answer is not yet on its way.</summary>
    public Action<HttpContext> AfterCommit { get; set; } = _ => { };

    /// <summary>Namespaces that must be created before tables are.</summary>
    public bool NamespacesFirst { get; set; }

    /// <summary>Whether a table lies where its creator wants it, and not where the server chooses.</summary>
    public bool KeepsLocations { get; set; }

    /// <summary>Whether the configuration is that of a server for writing too, and not the one of DataLake's own service.</summary>
    public bool OffersWrites { get; set; } = true;

    public Uri Uri => new(app.Urls.Single());

    public static async Task<CatalogServer> StartAsync(string? token = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new CatalogServer(app);
        app.Use(server.RecordAsync);
        app.UseRouting();
        app.MapPost("/v1/namespaces", server.CreateNamespaceAsync);
        app.MapPost("/v1/namespaces/{namespace}/tables", server.StageAsync);
        app.MapPost("/v1/namespaces/{namespace}/tables/{table}", server.CommitAsync);
        app.MapDelete("/v1/namespaces/{namespace}/tables/{table}", server.DropAsync);
        app.MapIcebergRest(server.Catalog, new RestAccess(token));
        await app.StartAsync();
        return server;
    }

    public RestCatalog Client() => new(new RestCatalogOptions { Uri = Uri });

    public static async Task AnswerAsync(HttpContext context, int status, string body, string type = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        await context.Response.WriteAsync(body);
    }

    public static Task FailAsync(HttpContext context, int status, string type, string message = "no") =>
        AnswerAsync(context, status, JsonSerializer.Serialize(new { error = new { message, type, code = status } }));

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task RecordAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.EnableBuffering();
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8, leaveOpen: true);
        var body = await reader.ReadToEndAsync();
        context.Request.Body.Position = 0;
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        requests.Enqueue(new SentRequest(context.Request.Method, target, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body));
        if (await Before(context))
        {
            return;
        }

        if (context.Request.Path == "/v1/config" && OffersWrites)
        {
            // A server that says nothing of its endpoints has them all.
            await AnswerAsync(context, 200, """{"defaults":{},"overrides":{}}""");
            return;
        }

        await next(context);
    }

    private async Task CreateNamespaceAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        Catalog.Empty.Add(string.Join('.', body.RootElement.GetProperty("namespace").EnumerateArray().Select(level => level.GetString())));
        await AnswerAsync(context, 200, body.RootElement.GetRawText());
    }

    private async Task StageAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var identifier = new TableIdentifier(NamespaceOf(context), body.RootElement.GetProperty("name").GetString()!);
        if (NamespacesFirst && !(await Catalog.ListNamespacesAsync(default)).Contains(identifier.Namespace))
        {
            await FailAsync(context, 404, "NoSuchNamespaceException");
        }
        else if (await Catalog.LoadTableAsync(identifier, default) is not null)
        {
            await FailAsync(context, 409, "AlreadyExistsException");
        }
        else
        {
            var schema = DataLake.Iceberg.Types.SchemaJson.Parse(Encoding.UTF8.GetBytes(body.RootElement.GetProperty("schema").GetRawText()));
            var location = KeepsLocations ? body.RootElement.GetProperty("location").GetString()! : $"file:///chosen/{identifier.Name}";
            var staged = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), location, schema), new MetadataChange(1, null));
            await AnswerAsync(context, 200, $$"""{"metadata":{{Encoding.UTF8.GetString(TableMetadataJson.ToUtf8(staged))}}}""");
        }
    }

    private async Task CommitAsync(HttpContext context)
    {
        using var body = await JsonDocument.ParseAsync(context.Request.Body);
        var identifier = new TableIdentifier(NamespaceOf(context), (string)context.Request.RouteValues["table"]!);
        var requirements = TableRequirementJson.Parse(Encoding.UTF8.GetBytes(body.RootElement.GetProperty("requirements").GetRawText()));
        var updates = TableUpdateJson.Parse(Encoding.UTF8.GetBytes(body.RootElement.GetProperty("updates").GetRawText()));
        try
        {
            var present = await Catalog.LoadTableAsync(identifier, default);
            var next = requirements.Any(requirement => requirement is TableRequirement.AssertCreate)
                ? await Catalog.CreateTableAsync(identifier, updates, default)
                : await Catalog.CommitTableAsync(present ?? throw new IcebergException(IcebergErrorKind.NotFound, "none"), requirements, updates, default);
            AfterCommit(context);
            await AnswerAsync(context, 200, $$"""{"metadata-location":"{{next.MetadataLocation}}","metadata":{{Encoding.UTF8.GetString(TableMetadataJson.ToUtf8(next.Metadata))}}}""");
        }
        catch (IcebergException error)
        {
            var missing = error.Kind == IcebergErrorKind.NotFound;
            await FailAsync(context, missing ? 404 : 409, missing ? "NoSuchTableException" : "CommitFailedException", error.Message);
        }
    }

    private async Task DropAsync(HttpContext context)
    {
        var found = await Catalog.DropTableAsync(new TableIdentifier(NamespaceOf(context), (string)context.Request.RouteValues["table"]!), default);
        if (found)
        {
            context.Response.StatusCode = 204;
        }
        else
        {
            await FailAsync(context, 404, "NoSuchTableException");
        }
    }

    private static string NamespaceOf(HttpContext context) => ((string)context.Request.RouteValues["namespace"]!).Replace('\u001F', '.');
}
