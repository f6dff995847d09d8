using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>What a server says of itself (<c>CatalogConfig</c> of the OpenAPI description), and the paths that follow from it.</summary>
internal sealed class RestConfig
{
    /// <summary>What a server offers that does not say what it offers, of what is used here.</summary>
    private static readonly IReadOnlyList<string> Default =
    [
        RestEndpoint.ListNamespaces, RestEndpoint.CreateNamespace, RestEndpoint.ListTables, RestEndpoint.CreateTable, RestEndpoint.LoadTable, RestEndpoint.CommitTable, RestEndpoint.DropTable,
    ];

    private readonly HashSet<string> endpoints;
    private readonly string root, separator;

    private RestConfig(IReadOnlyDictionary<string, string> properties, IReadOnlyList<string> endpoints)
    {
        this.endpoints = [.. endpoints];
        var prefix = properties.GetValueOrDefault("prefix", "").Trim('/');
        root = prefix.Length == 0 ? "v1" : $"v1/{prefix}";
        separator = properties.GetValueOrDefault("namespace-separator", "%1F");
    }

    /// <summary>Reads the answer to <c>GET /v1/config</c>. What the client sets stands over the server's defaults and under its overrides.</summary>
    public static RestConfig Read(JsonObjectReader json, IReadOnlyDictionary<string, string> client)
    {
        var properties = new Dictionary<string, string>();
        foreach (var layer in new[] { json.TextMap("defaults"), client, json.TextMap("overrides") })
            foreach (var (key, value) in layer) properties[key] = value;
        return new RestConfig(properties, json.Has("endpoints") ? json.Texts("endpoints") : Default);
    }

    /// <summary>Fails where the server says that it does not offer something.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>.</exception>
    public void Require(string endpoint)
    {
        if (!endpoints.Contains(endpoint)) throw IcebergException.Unsupported($"The REST catalog does not offer '{endpoint}': it is not among the endpoints of its /v1/config. Use a catalog that does, or make the change where this one is served.");
    }

    public string Namespaces => $"{root}/namespaces";

    /// <summary>Levels as they stand in a path or a query.</summary>
    public string Escape(IReadOnlyList<string> levels) => string.Join(separator, levels.Select(Uri.EscapeDataString));

    public string Tables(IReadOnlyList<string> levels) => $"{Namespaces}/{Escape(levels)}/tables";

    public string Table(TableIdentifier identifier) => identifier.Name is "" or "." or ".."
        ? throw IcebergException.Invalid($"'{identifier.Name}' cannot be the name of a table in a REST catalog; give it another.")
        : $"{Tables(Levels(identifier.Namespace))}/{Uri.EscapeDataString(identifier.Name)}";

    /// <summary>The levels of a namespace, which points join.</summary>
    public static IReadOnlyList<string> Levels(string @namespace) => @namespace.Split('.') is var levels && levels.All(level => level.Length > 0)
        ? levels
        : throw IcebergException.Invalid($"'{@namespace}' is not a namespace: its levels are joined by points, and each has a name.");
}
