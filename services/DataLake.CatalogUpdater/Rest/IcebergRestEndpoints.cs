using System.Security.Cryptography;
using System.Text;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Metadata;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>
/// Serves a catalog by the Iceberg REST protocol, for reading (<see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>). What would
/// change it is refused: tables are changed by the runs of DataLake's pipelines only, because each commit must be of one run, once.
/// </summary>
public static partial class IcebergRestEndpoints
{
    private const char LevelSeparator = '\u001F';

    private static readonly string[] Offered =
    [
        RestEndpoint.ListNamespaces, RestEndpoint.LoadNamespace, RestEndpoint.NamespaceExists, RestEndpoint.ListTables, RestEndpoint.LoadTable, RestEndpoint.TableExists,
    ];

    /// <summary>Maps <c>/v1/...</c>.</summary>
    public static IEndpointRouteBuilder MapIcebergRest(this IEndpointRouteBuilder endpoints, ICatalog catalog, RestAccess access)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(access);
        Map("GET", "config", context => ConfigAsync(context, catalog));
        Map("GET", "namespaces", context => ListNamespacesAsync(context, catalog));
        Map("GET", "namespaces/{namespace}", context => LoadNamespaceAsync(context, catalog));
        Map("HEAD", "namespaces/{namespace}", context => NamespaceExistsAsync(context, catalog));
        Map("GET", "namespaces/{namespace}/tables", context => ListTablesAsync(context, catalog));
        Map("GET", "namespaces/{namespace}/tables/{table}", context => LoadTableAsync(context, catalog));
        Map("HEAD", "namespaces/{namespace}/tables/{table}", context => TableExistsAsync(context, catalog));
        endpoints.MapFallback("/v1/{**rest}", context => access.GuardAsync(context, RefuseAsync));
        return endpoints;

        void Map(string method, string path, RequestDelegate answer) =>
            endpoints.MapMethods($"/v1/{path}", [method], context => access.GuardAsync(context, guarded => AnswerAsync(guarded, answer)));
    }

    private static async Task AnswerAsync(HttpContext context, RequestDelegate answer)
    {
        try
        {
            await answer(context);
        }
        catch (RestRefusal refusal)
        {
            await RestReply.WriteErrorAsync(context, refusal.Status, refusal.Type, refusal.Message);
        }
        catch (IcebergException error)
        {
            var (status, type) = error.Kind switch
            {
                IcebergErrorKind.NotFound => (404, "NotFoundException"),
                IcebergErrorKind.Unsupported => (406, "UnsupportedOperationException"),
                IcebergErrorKind.Unavailable => (503, "ServiceUnavailableException"),
                _ => (500, "InternalServerError"),
            };
            await RestReply.WriteErrorAsync(context, status, type, error.Message);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted)
        {
            Failed(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(IcebergRestEndpoints)), error, context.Request.Method, context.Request.Path);
            await RestReply.WriteErrorAsync(context, 500, "InternalServerError", "The catalog cannot be read now. The log of the catalog updater says why; try again later.");
        }
    }

    private static Task ConfigAsync(HttpContext context, ICatalog catalog)
    {
        var warehouse = context.Request.Query["warehouse"].ToString();
        if (warehouse.Length > 0 && warehouse != catalog.Name)
        {
            throw new RestRefusal(404, "NoSuchWarehouseException", $"There is no warehouse of that name here. This one is '{catalog.Name}'; or leave it out.");
        }

        return RestReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteStartObject("defaults");
            writer.WriteEndObject();
            writer.WriteStartObject("overrides");
            writer.WriteEndObject();
            writer.WriteStartArray("endpoints");
            foreach (var endpoint in Offered)
            {
                writer.WriteStringValue(endpoint);
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>One level of namespaces: those at the top, or those right below <c>parent</c>.</summary>
    private static async Task ListNamespacesAsync(HttpContext context, ICatalog catalog)
    {
        var parent = context.Request.Query["parent"].ToString().Replace(LevelSeparator, '.');
        var all = await catalog.ListNamespacesAsync(context.RequestAborted);
        if (parent.Length > 0 && !Exists(all, parent))
        {
            throw RestRefusal.NoNamespace(parent);
        }

        var depth = parent.Length == 0 ? 1 : parent.Split('.').Length + 1;
        var level = all.Where(name => parent.Length == 0 || name.StartsWith(parent + '.', StringComparison.Ordinal)).Select(name => string.Join('.', name.Split('.').Take(depth))).Distinct();
        var page = RestPage.Of(level, context.Request.Query);
        await RestReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteString("next-page-token", page.Next);
            writer.WriteStartArray("namespaces");
            foreach (var name in page.Items)
            {
                writer.WriteLevels(name.Split('.'));
            }

            writer.WriteEndArray();
        });
    }

    private static async Task LoadNamespaceAsync(HttpContext context, ICatalog catalog)
    {
        var name = await NamespaceAsync(context, catalog);
        await RestReply.WriteAsync(context, 200, writer =>
        {
            writer.WritePropertyName("namespace");
            writer.WriteLevels(name.Split('.'));
            writer.WriteStartObject("properties");
            writer.WriteEndObject();
        });
    }

    private static async Task NamespaceExistsAsync(HttpContext context, ICatalog catalog)
    {
        await NamespaceAsync(context, catalog);
        context.Response.StatusCode = 204;
    }

    private static async Task ListTablesAsync(HttpContext context, ICatalog catalog)
    {
        var name = await NamespaceAsync(context, catalog);
        var page = RestPage.Of((await catalog.ListTablesAsync(name, context.RequestAborted)).Select(table => table.Name), context.Request.Query);
        await RestReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteString("next-page-token", page.Next);
            writer.WriteStartArray("identifiers");
            foreach (var table in page.Items)
            {
                writer.WriteStartObject();
                writer.WritePropertyName("namespace");
                writer.WriteLevels(name.Split('.'));
                writer.WriteString("name", table);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        });
    }

    /// <summary>The table with all its snapshots, whatever <c>snapshots</c> asks. What another catalog lent to this one (<see cref="CatalogTable.Access"/>) is not lent on.</summary>
    private static async Task LoadTableAsync(HttpContext context, ICatalog catalog)
    {
        var table = await TableAsync(context, catalog);

        // A metadata file never changes, so its location is the version.
        var version = $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(table.MetadataLocation)))[..32]}\"";
        context.Response.Headers.ETag = version;
        if (context.Request.Headers.IfNoneMatch.Contains(version))
        {
            context.Response.StatusCode = 304;
            return;
        }

        await RestReply.WriteAsync(context, 200, writer =>
        {
            writer.WriteString("metadata-location", table.MetadataLocation);
            writer.WritePropertyName("metadata");
            writer.WriteRawValue(TableMetadataJson.ToUtf8(table.Metadata), skipInputValidation: true);
            writer.WriteStartObject("config");
            writer.WriteEndObject();
        });
    }

    private static async Task TableExistsAsync(HttpContext context, ICatalog catalog)
    {
        await TableAsync(context, catalog);
        context.Response.StatusCode = 204;
    }

    private static async Task<string> NamespaceAsync(HttpContext context, ICatalog catalog)
    {
        var name = RouteText(context, "namespace").Replace(LevelSeparator, '.');
        return Exists(await catalog.ListNamespacesAsync(context.RequestAborted), name) ? name : throw RestRefusal.NoNamespace(name);
    }

    private static async Task<CatalogTable> TableAsync(HttpContext context, ICatalog catalog)
    {
        var identifier = new TableIdentifier(RouteText(context, "namespace").Replace(LevelSeparator, '.'), RouteText(context, "table"));
        return await catalog.LoadTableAsync(identifier, context.RequestAborted) ?? throw RestRefusal.NoTable(identifier.ToString());
    }

    private static bool Exists(IReadOnlyList<string> all, string name) => all.Any(found => found == name || found.StartsWith(name + '.', StringComparison.Ordinal));

    /// <summary>A part of the path. Slashes in it are the one thing that the server leaves escaped.</summary>
    private static string RouteText(HttpContext context, string name) => ((string)context.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static Task RefuseAsync(HttpContext context) => HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)
        ? RestReply.WriteErrorAsync(context, 404, "NotFoundException", "There is nothing of that name here: this catalog serves namespaces and tables.")
        : RestReply.WriteErrorAsync(
            context, 406, "UnsupportedOperationException", "This catalog is served for reading. Its tables are changed by the runs of DataLake's pipelines: change the pipeline's definition, or ask for a backfill (lake backfill).");

    [LoggerMessage(LogLevel.Error, "The catalog cannot answer {Method} {Path}")]
    private static partial void Failed(ILogger logger, Exception error, string method, string path);
}
