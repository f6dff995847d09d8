using System.Text.Json;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Transforms;

namespace DataLake.Iceberg.Sorting;

/// <summary>Sort orders as JSON (<see href="https://iceberg.apache.org/spec/#sort-orders">Appendix C, Sort Orders</see>).</summary>
internal static class SortOrderJson
{
    public static void Write(Utf8JsonWriter writer, SortOrder order)
    {
        writer.WriteStartObject();
        writer.WriteNumber("order-id", order.OrderId);
        writer.WriteStartArray("fields");
        foreach (var field in order.Fields)
        {
            writer.WriteStartObject();
            writer.WriteString("transform", field.Transform.ToString());
            writer.WriteNumber("source-id", field.SourceId);
            writer.WriteString("direction", field.Direction == SortDirection.Ascending ? "asc" : "desc");
            writer.WriteString("null-order", field.NullOrder == NullOrder.NullsFirst ? "nulls-first" : "nulls-last");
            field.Unknown.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        order.Unknown.WriteTo(writer);
        writer.WriteEndObject();
    }

    public static SortOrder Read(JsonObjectReader json) => new(json.Int32("order-id"), [.. json.Objects("fields").Select(ReadField)])
    {
        Unknown = json.Others("order-id", "fields"),
    };

    private static SortField ReadField(JsonObjectReader json)
    {
        if (!json.Has("source-id") && json.Has("source-ids"))
            throw IcebergException.Unsupported($"{json.Place} has a transform of several columns, which is not read here; use a reader that does.");
        var direction = json.Text("direction").ToLowerInvariant() switch
        {
            "asc" => SortDirection.Ascending,
            "desc" => SortDirection.Descending,
            var other => throw json.Fault("direction", $"is '{other}' and must be asc or desc"),
        };
        var nullOrder = json.Text("null-order").ToLowerInvariant() switch
        {
            "nulls-first" => NullOrder.NullsFirst,
            "nulls-last" => NullOrder.NullsLast,
            var other => throw json.Fault("null-order", $"is '{other}' and must be nulls-first or nulls-last"),
        };
        return new SortField(json.Int32("source-id"), Transform.Parse(json.Text("transform")), direction, nullOrder)
        {
            Unknown = json.Others("transform", "source-id", "direction", "null-order"),
        };
    }
}
