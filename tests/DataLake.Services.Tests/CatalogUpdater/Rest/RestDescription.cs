using System.Text.Json;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>An operation of the protocol: its path, its query, and the fields that its bodies must have, with their kinds.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">Its path without <c>/v1</c> and prefix.</param>
/// <param name="Query">The names that its query may have.</param>
/// <param name="RequestFields">Required fields of the request's body; a question mark marks those that may be left out.</param>
/// <param name="ResponseFields">Required fields of the body of a success; likewise.</param>
/// <param name="Success">The status of a success.</param>
internal sealed record RestOperation(string Method, string Path, string[] Query, string[] RequestFields, string[] ResponseFields, int Success = 200);

/// <summary>
/// What the OpenAPI description (version 0.0.1 of the document, as of August 2026) says of the operations that are used or served here:
/// <see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml"/>.
/// </summary>
internal static class RestDescription
{
    public static IReadOnlyList<RestOperation> Operations { get; } =
    [
        new("GET", "config", ["warehouse"], [], ["defaults:object", "overrides:object", "endpoints?:array"]),
        new("GET", "namespaces", ["pageToken", "pageSize", "parent"], [], ["namespaces?:array", "next-page-token?:string"]),
        new("POST", "namespaces", [], ["namespace:array", "properties?:object"], ["namespace:array"]),
        new("GET", "namespaces/*", [], [], ["namespace:array", "properties?:object"]),
        new("HEAD", "namespaces/*", [], [], [], 204),
        new("GET", "namespaces/*/tables", ["pageToken", "pageSize"], [], ["identifiers?:array", "next-page-token?:string"]),
        new("POST", "namespaces/*/tables", [], ["name:string", "schema:object", "location?:string", "partition-spec?:object", "write-order?:object", "stage-create?:boolean", "properties?:object"], ["metadata:object"]),
        new("GET", "namespaces/*/tables/*", ["snapshots", "referenced-by"], [], ["metadata:object", "metadata-location?:string", "config?:object", "storage-credentials?:array"]),
        new("POST", "namespaces/*/tables/*", [], ["requirements:array", "updates:array", "identifier?:object"], ["metadata-location:string", "metadata:object"]),
        new("HEAD", "namespaces/*/tables/*", [], [], [], 204),
        new("DELETE", "namespaces/*/tables/*", ["purgeRequested"], [], [], 204),
    ];

    /// <summary>The operation of a request; fails where there is none, or its query has another name.</summary>
    public static RestOperation OperationOf(string method, string target)
    {
        var parts = target.Split('?', 2);
        var path = parts[0].Split('/', StringSplitOptions.RemoveEmptyEntries);
        path[0].ShouldBe("v1");
        var operation = Operations.SingleOrDefault(operation => operation.Method == method && Fits(operation.Path.Split('/'), path[1..])).ShouldNotBeNull($"{method} {target} is no operation of the protocol.");
        foreach (var name in parts.Skip(1).SelectMany(query => query.Split('&')).Select(pair => pair.Split('=')[0]))
        {
            operation.Query.ShouldContain(name);
        }

        return operation;
    }

    /// <summary>Fails where a required field is missing, a field is of another kind, or, if <paramref name="only"/>, one is not described.</summary>
    public static void Check(string body, string[] fields, bool only)
    {
        if (fields.Length == 0)
        {
            body.ShouldBeEmpty();
            return;
        }

        using var document = JsonDocument.Parse(body);
        foreach (var (name, optional, kind) in fields.Select(field => field.Split(':')).Select(field => (field[0].TrimEnd('?'), field[0].EndsWith('?'), field[1])))
        {
            if (!document.RootElement.TryGetProperty(name, out var value) || (optional && value.ValueKind == JsonValueKind.Null))
            {
                optional.ShouldBeTrue($"{name} is missing in {body}");
                continue;
            }

            value.ValueKind.ToString().Replace("True", "Boolean", StringComparison.Ordinal).Replace("False", "Boolean", StringComparison.Ordinal).ToLowerInvariant().ShouldBe(kind, name);
        }

        if (only)
        {
            document.RootElement.EnumerateObject().Select(property => property.Name).ShouldBeSubsetOf(fields.Select(field => field.Split(':')[0].TrimEnd('?')));
        }
    }

    private static bool Fits(string[] template, string[] path) => template.Length == path.Length && template.Zip(path).All(pair => pair.First == "*" || pair.First == pair.Second);
}
