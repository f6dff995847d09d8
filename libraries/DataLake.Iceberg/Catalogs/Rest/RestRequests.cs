using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>The bodies of requests (<c>CreateNamespaceRequest</c>, <c>CreateTableRequest</c> and <c>CommitTableRequest</c> of the OpenAPI description).</summary>
internal static class RestRequests
{
    public static byte[] CreateNamespace(IEnumerable<string> levels) => Object(writer =>
    {
        WriteLevels(writer, levels);
        writer.WriteStartObject("properties");
        writer.WriteEndObject();
    });

    /// <summary>Stages a table: the server answers with what it would be, and it is there when it is committed to.</summary>
    public static byte[] StageTable(string name, TableMetadata table) => Object(writer =>
    {
        writer.WriteString("name", name);
        if (table.Location.Length > 0) writer.WriteString("location", table.Location);
        writer.WritePropertyName("schema");
        SchemaJson.Write(writer, table.CurrentSchema);
        writer.WritePropertyName("partition-spec");
        PartitionSpecJson.Write(writer, table.DefaultSpec);
        writer.WritePropertyName("write-order");
        SortOrderJson.Write(writer, table.DefaultSortOrder);
        writer.WriteBoolean("stage-create", true);
        writer.WriteMap("properties", table.Properties);
    });

    public static byte[] Commit(TableIdentifier identifier, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates) => Object(writer =>
    {
        writer.WriteStartObject("identifier");
        WriteLevels(writer, RestConfig.Levels(identifier.Namespace));
        writer.WriteString("name", identifier.Name);
        writer.WriteEndObject();
        writer.WritePropertyName("requirements");
        writer.WriteRawValue(TableRequirementJson.ToUtf8(requirements));
        writer.WritePropertyName("updates");
        writer.WriteRawValue(TableUpdateJson.ToUtf8(updates));
    });

    private static void WriteLevels(Utf8JsonWriter writer, IEnumerable<string> levels)
    {
        writer.WriteStartArray("namespace");
        foreach (var level in levels) writer.WriteStringValue(level);
        writer.WriteEndArray();
    }

    private static byte[] Object(Action<Utf8JsonWriter> write) => JsonText.Write(writer =>
    {
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
    });
}
