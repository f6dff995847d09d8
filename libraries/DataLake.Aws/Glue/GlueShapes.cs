using System.Text.Json.Serialization;

namespace DataLake.Aws.Glue;

// Shapes of the service's model (botocore: glue/2017-03-31/service-2.json), with the members that are used here. Tests hold every request against the model.
internal sealed record GetDatabasesRequest(string? CatalogId, string? NextToken);

internal sealed record GetDatabasesResponse(IReadOnlyList<GlueDatabase>? DatabaseList, string? NextToken);

internal sealed record GlueDatabase(string Name);

internal sealed record CreateDatabaseRequest(string? CatalogId, GlueDatabase DatabaseInput);

internal sealed record GetTablesRequest(string? CatalogId, string DatabaseName, string? NextToken);

internal sealed record GetTablesResponse(IReadOnlyList<GlueTable>? TableList, string? NextToken);

internal sealed record GetTableRequest(string? CatalogId, string DatabaseName, string Name);

internal sealed record GetTableResponse(GlueTable? Table);

internal sealed record CreateTableRequest(string? CatalogId, string DatabaseName, TableInput TableInput);

internal sealed record UpdateTableRequest(string? CatalogId, string DatabaseName, TableInput TableInput, bool SkipArchive, string VersionId);

internal sealed record DeleteTableRequest(string? CatalogId, string DatabaseName, string Name);

/// <summary>A table as Glue has it.</summary>
internal sealed record GlueTable(string Name, string? Description, string? Owner, int? Retention, IReadOnlyDictionary<string, string>? Parameters, string? VersionId);

/// <summary>A table as Glue is to have it: an update replaces all of it.</summary>
internal sealed record TableInput(
    string Name, string? Description, string? Owner, int? Retention, StorageDescriptor StorageDescriptor, string TableType, IReadOnlyDictionary<string, string> Parameters);

internal sealed record StorageDescriptor(string Location, IReadOnlyList<GlueColumn> Columns);

internal sealed record GlueColumn(string Name, string Type, string? Comment, IReadOnlyDictionary<string, string> Parameters);

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GetDatabasesRequest))]
[JsonSerializable(typeof(GetDatabasesResponse))]
[JsonSerializable(typeof(CreateDatabaseRequest))]
[JsonSerializable(typeof(GetTablesRequest))]
[JsonSerializable(typeof(GetTablesResponse))]
[JsonSerializable(typeof(GetTableRequest))]
[JsonSerializable(typeof(GetTableResponse))]
[JsonSerializable(typeof(CreateTableRequest))]
[JsonSerializable(typeof(UpdateTableRequest))]
[JsonSerializable(typeof(DeleteTableRequest))]
internal sealed partial class GlueJson : JsonSerializerContext;
