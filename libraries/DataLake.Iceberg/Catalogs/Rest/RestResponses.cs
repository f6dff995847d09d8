using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>What servers answer with (<c>LoadTableResult</c>, <c>CommitTableResponse</c>, <c>ListNamespacesResponse</c> and <c>ListTablesResponse</c> of the OpenAPI description).</summary>
internal static class RestResponses
{
    public static CatalogTable Table(JsonObjectReader json, TableIdentifier identifier, TableAccess access) =>
        new(identifier, json.Text("metadata-location"), Metadata(json)) { Access = access };

    public static TableMetadata Metadata(JsonObjectReader json) => TableMetadataReader.Read(json.Object("metadata"));

    public static TableAccess Access(JsonObjectReader json)
    {
        var access = new TableAccess(json.TextMap("config"), [.. json.OptionalObjects("storage-credentials").Select(item => new StorageCredential(item.Text("prefix"), item.TextMap("config")))]);
        return access.IsEmpty ? TableAccess.None : access;
    }

    public static IReadOnlyList<TableIdentifier> Tables(JsonObjectReader json) =>
        [.. json.OptionalObjects("identifiers").Select(item => new TableIdentifier(string.Join('.', item.Texts("namespace")), item.Text("name")))];

    public static IReadOnlyList<IReadOnlyList<string>> Namespaces(JsonObjectReader json) => !json.Has("namespaces") ? [] : json.Required("namespaces") is { ValueKind: JsonValueKind.Array } array
        ? [.. array.EnumerateArray().Select(Levels)]
        : throw json.Fault("namespaces", "must be a JSON array");

    public static string? NextPageToken(JsonObjectReader json) => json.OptionalText("next-page-token") is { Length: > 0 } token ? token : null;

    private static IReadOnlyList<string> Levels(JsonElement item) => item.ValueKind == JsonValueKind.Array && item.EnumerateArray().All(level => level.ValueKind == JsonValueKind.String)
        ? [.. item.EnumerateArray().Select(level => level.GetString()!)]
        : throw IcebergException.Corrupt("A namespace in the list must be an array of strings. Report it to whoever runs the catalog.");
}
