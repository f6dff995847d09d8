using System.Globalization;
using DataLake.Cli.Output;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;

namespace DataLake.Cli.Tables;

/// <summary>Snapshots as people name them.</summary>
internal static class SnapshotChoice
{
    /// <summary>The snapshot of a tag or branch, of an id, or of a time: that which was current then.</summary>
    /// <exception cref="Failure">The text is nothing of that.</exception>
    /// <exception cref="Iceberg.IcebergException">The table has no such snapshot, or none of that time.</exception>
    public static Snapshot Find(TableMetadata table, string text, string option)
    {
        if (table.Refs.ContainsKey(text))
        {
            return SnapshotSelection.ByReference(table, text);
        }

        if (IsId(text, out var id))
        {
            return SnapshotSelection.ById(table, id);
        }

        return IsTime(text, out var time) ? SnapshotSelection.AsOf(table, time) : throw new Failure(
            $"{option}: '{text}' is no tag or branch of the table (it has {string.Join(", ", table.Refs.Keys.Order(StringComparer.Ordinal))}), no snapshot's id and no time; write 2026-03-01 or 2026-03-01T12:00:00Z.");
    }

    /// <summary>The snapshot that <c>--as-of</c> names, with the schema that it had; without it the current one, with the table's schema. Null in a table that never had rows.</summary>
    public static (Snapshot? Snapshot, Schema Schema) AsOf(TableMetadata table, string? text)
    {
        var snapshot = text is null ? table.CurrentSnapshot : Find(table, text, "--as-of");
        return (snapshot, (text is not null && snapshot?.SchemaId is { } id ? table.FindSchema(id) : null) ?? table.CurrentSchema);
    }

    /// <summary>Whether a text would be taken for an id or a time, and cannot be a tag.</summary>
    public static bool IsIdOrTime(string text) => IsId(text, out _) || IsTime(text, out _);

    private static bool IsId(string text, out long id) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);

    private static bool IsTime(string text, out DateTimeOffset time) => Instants.TryParse(text, out time);
}
