namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>Where a REST catalog is and how it is spoken to. Secrets are resolved by the caller and stand in <see cref="Authentication"/> only.</summary>
public sealed class RestCatalogOptions
{
    /// <summary>The catalog's address, without <c>/v1</c>: <c>https://catalog.example.com/api/catalog</c>.</summary>
    public required Uri Uri { get; init; }

    /// <summary>The name it has here.</summary>
    public string Name { get; init; } = "rest";

    /// <summary>Which of the server's warehouses; null where it has one only.</summary>
    public string? Warehouse { get; init; }

    /// <summary>Settings that stand between the server's defaults and its overrides, for example <c>prefix</c>.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What authenticates each request: an <c>OAuth2Handler</c>, a <c>BearerTokenHandler</c>, an <c>AwsSignatureHandler</c>, or one of the caller's; null for none. Its inner handler is set by the catalog, which disposes of it.
    /// </summary>
    public DelegatingHandler? Authentication { get; init; }

    /// <summary>What carries requests; null for one that verifies TLS, follows no redirects and keeps no cookies. Disposed of with the catalog. One from outside must follow no redirects either.</summary>
    public HttpMessageHandler? Transport { get; init; }

    /// <summary>How long one request may take, its answer included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes that an answer may have, after decompression. A table's whole metadata is one answer.</summary>
    public int MaxResponseBytes { get; init; } = 128 << 20;

    /// <summary>How often a read is tried. What changes something is never repeated.</summary>
    public int ReadAttempts { get; init; } = 4;

    /// <summary>Whether namespaces inside namespaces are listed too, at one request for each.</summary>
    public bool NestedNamespaces { get; init; }

    /// <summary>Whether the server is asked to lend credentials for a table's files (<see cref="CatalogTable.Access"/>).</summary>
    public bool VendedCredentials { get; init; } = true;

    /// <summary>The clock of timeouts and pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
