using System.Runtime.CompilerServices;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>
/// A catalog behind the Iceberg REST protocol (<see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">OpenAPI description</see>): Polaris, Lakekeeper, Nessie,
/// AWS Glue and S3 Tables, and others. Nothing is asked before the first call. Safe for use by several threads.
/// </summary>
/// <remarks>
/// A namespace of several levels is their names joined by points; a level with a point in its name cannot be named here. The server's settings do not move requests or tokens to another address. A
/// table token in a table's <c>config</c> is handed on with <see cref="CatalogTable.Access"/> and not used for requests.
/// </remarks>
public sealed class RestCatalog : ICatalog, IDisposable
{
    private readonly RestCatalogOptions options;
    private readonly RestExchange exchange;
    private readonly LoadedTables loaded = new();
    private readonly SemaphoreSlim configuring = new(1);
    private RestConfig? config;

    /// <summary>Makes the catalog; asks nothing yet.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the address is none.</exception>
    public RestCatalog(RestCatalogOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options;
        exchange = new RestExchange(options);
    }

    /// <inheritdoc/>
    public string Name => options.Name;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation)
    {
        var found = new SortedSet<string>(StringComparer.Ordinal);
        await ListNamespacesAsync([], found, cancellation);
        return [.. found];
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(@namespace);
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.ListTables);
        var tables = new List<TableIdentifier>();
        await foreach (var page in PagesAsync(paths.Tables(RestConfig.Levels(@namespace)), "", cancellation))
        {
            if (RestError.SaysMissing(page)) return [];
            tables.AddRange(page.Read(RestResponses.Tables));
        }

        return [.. tables.Distinct().OrderBy(table => table.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    public async Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.LoadTable);
        var known = loaded.Find(identifier);
        var headers = AccessHeaders();
        if (known is { } version) headers.Add(("If-None-Match", version.ETag));
        var answer = await exchange.ReadAsync(paths.Table(identifier), headers, cancellation);
        if (answer.Status == 304 && known is { } still) return still.Table;
        return RestError.SaysMissing(answer) ? null : Loaded(identifier, answer);
    }

    /// <inheritdoc/>
    /// <remarks>The table is staged and then committed, as a transaction does it, because a server gives the columns of a table that is created at once other field ids than those its files have.</remarks>
    public async Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var wanted = TableMetadataUpdates.Apply(null, creation, MetadataChange.At(options.Clock, null));
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.CreateTable);
        paths.Require(RestEndpoint.CommitTable);
        var levels = RestConfig.Levels(identifier.Namespace);
        var path = paths.Table(identifier);
        var body = RestRequests.StageTable(identifier.Name, wanted);
        var answer = await exchange.WriteAsync(HttpMethod.Post, paths.Tables(levels), body, AccessHeaders(), cancellation);
        if (RestError.SaysMissing(answer))
        {
            await CreateNamespacesAsync(paths, levels, cancellation);
            answer = await exchange.WriteAsync(HttpMethod.Post, paths.Tables(levels), body, AccessHeaders(), cancellation);
        }

        var (staged, access) = answer.Read(json => (RestResponses.Metadata(json), RestResponses.Access(json)));
        var updates = creation.Select(update => update switch
        {
            TableUpdate.AssignUuid when staged.TableUuid is { } uuid => new TableUpdate.AssignUuid(uuid),
            TableUpdate.SetLocation => new TableUpdate.SetLocation(staged.Location),
            _ => update,
        });
        var table = await CommitAsync(identifier, path, [new TableRequirement.AssertCreate()], [.. updates], access, cancellation);
        return table.Metadata.CurrentSchema.Columns.Equals(wanted.CurrentSchema.Columns) ? table : throw IcebergException.Unsupported(
            $"The catalog made the table {identifier} with other columns or field ids than it was given, so that files would be read wrongly. Drop the table, and use a catalog that keeps them.");
    }

    /// <inheritdoc/>
    public async Task<CatalogTable> CommitTableAsync(
        CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(requirements);
        ArgumentNullException.ThrowIfNull(updates);
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.CommitTable);
        return await CommitAsync(table.Identifier, paths.Table(table.Identifier), requirements, updates, table.Access, cancellation);
    }

    /// <inheritdoc/>
    public async Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.DropTable);
        var answer = await exchange.WriteAsync(HttpMethod.Delete, $"{paths.Table(identifier)}?purgeRequested=false", null, [], cancellation);
        if (RestError.SaysMissing(answer)) return false;
        return answer.IsSuccess ? true : throw RestError.Of(answer);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        exchange.Dispose();
        configuring.Dispose();
    }

    private async Task<RestConfig> ConfigAsync(CancellationToken cancellation)
    {
        if (config is not null) return config;
        await configuring.WaitAsync(cancellation);
        try
        {
            var query = options.Warehouse is { } warehouse ? $"?warehouse={Uri.EscapeDataString(warehouse)}" : "";
            return config ??= (await exchange.ReadAsync($"v1/config{query}", [], cancellation)).Read(json => RestConfig.Read(json, options.Properties));
        }
        finally
        {
            configuring.Release();
        }
    }

    private async Task ListNamespacesAsync(IReadOnlyList<string> parent, SortedSet<string> found, CancellationToken cancellation)
    {
        var paths = await ConfigAsync(cancellation);
        paths.Require(RestEndpoint.ListNamespaces);
        await foreach (var page in PagesAsync(paths.Namespaces, parent.Count == 0 ? "" : $"parent={paths.Escape(parent)}&", cancellation))
        {
            foreach (var levels in page.Read(RestResponses.Namespaces))
                if (levels.Count > parent.Count && found.Add(string.Join('.', levels)) && options.NestedNamespaces) await ListNamespacesAsync(levels, found, cancellation);
        }
    }

    /// <summary>All pages of a list. A token that comes twice would go on forever.</summary>
    private async IAsyncEnumerable<RestAnswer> PagesAsync(string path, string query, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = new HashSet<string>();
        for (var token = ""; token is not null;)
        {
            if (!seen.Add(token)) throw IcebergException.Corrupt($"The catalog gave the same page token twice while it listed {path}; its list has no end. Report it to whoever runs the catalog.");
            var page = await exchange.ReadAsync($"{path}?{query}pageToken={Uri.EscapeDataString(token)}", [], cancellation);
            yield return page;
            token = page.IsSuccess ? page.Read(RestResponses.NextPageToken) : null;
        }
    }

    private async Task CreateNamespacesAsync(RestConfig paths, IReadOnlyList<string> levels, CancellationToken cancellation)
    {
        paths.Require(RestEndpoint.CreateNamespace);
        for (var depth = 1; depth <= levels.Count; depth++)
        {
            var answer = await exchange.WriteAsync(HttpMethod.Post, paths.Namespaces, RestRequests.CreateNamespace(levels.Take(depth)), [], cancellation);
            if (!answer.IsSuccess && answer.Status != 409) throw RestError.Of(answer);
        }
    }

    private async Task<CatalogTable> CommitAsync(
        TableIdentifier identifier, string path, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, TableAccess access, CancellationToken cancellation)
    {
        var answer = await exchange.WriteAsync(HttpMethod.Post, path, RestRequests.Commit(identifier, requirements, updates), [], cancellation);
        if (!answer.IsSuccess) throw RestError.Of(answer);
        try
        {
            return Kept(answer.Read(json => RestResponses.Table(json, identifier, access)), answer);
        }
        catch (IcebergException e)
        {
            throw RestError.UnknownOutcome(answer.What, $"the answer was {answer.Status}, but cannot be read", e);
        }
    }

    private CatalogTable Loaded(TableIdentifier identifier, RestAnswer answer) => Kept(answer.Read(json => RestResponses.Table(json, identifier, RestResponses.Access(json))), answer);

    private CatalogTable Kept(CatalogTable table, RestAnswer answer)
    {
        loaded.Keep(table, answer);
        return table;
    }

    private List<(string Name, string Value)> AccessHeaders() => options.VendedCredentials ? [("X-Iceberg-Access-Delegation", "vended-credentials")] : [];
}
