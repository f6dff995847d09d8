using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;

namespace DataLake.Cli.Tables;

/// <summary>What a table is divided and sorted by, as definitions write it.</summary>
internal static class LayoutText
{
    /// <summary>What rows are divided by, such as <c>day(created_at)</c>; none in a table without partitions.</summary>
    public static IReadOnlyList<string> Partitions(TableMetadata table) => table.DefaultSpec.IsUnpartitioned ? [] : [.. table.DefaultSpec.Fields.Select(field => Of(Column(table, field.SourceId), field.Transform))];

    /// <summary>What rows are sorted by, such as <c>created_at desc</c>; none in a table that is not sorted.</summary>
    public static IReadOnlyList<string> Sorts(TableMetadata table) => [.. table.DefaultSortOrder.Fields.Select(field =>
    {
        var (isDescending, nullsFirst) = (field.Direction == SortDirection.Descending, field.NullOrder == NullOrder.NullsFirst);
        return Of(Column(table, field.SourceId), field.Transform) + (isDescending ? " desc" : "") + (nullsFirst != isDescending ? "" : nullsFirst ? " nulls first" : " nulls last");
    })];

    private static string Of(string column, Transform transform)
    {
        var text = transform.ToString()!;
        return transform == Transform.Identity ? column : text.EndsWith(']') ? $"{text.TrimEnd(']').Replace('[', '(')}, {column})" : $"{text}({column})";
    }

    private static string Column(TableMetadata table, int fieldId) => table.CurrentSchema.FullName(fieldId) ?? $"the column {fieldId}";
}
