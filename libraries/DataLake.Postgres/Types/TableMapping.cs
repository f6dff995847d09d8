using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>How the columns of a table become the columns of a file.</summary>
public static class TableMapping
{
    /// <summary>Maps all columns of a table, in their order.</summary>
    /// <param name="table">The table.</param>
    /// <param name="fieldIds">The columns' ids in the lake's table, in the same order.</param>
    /// <param name="rules">What the definition says of them.</param>
    /// <param name="maskKey">The pipeline's key; needed where <see cref="ColumnRules.NeedMaskKey"/> says so.</param>
    /// <exception cref="SourceException"><see cref="SourceErrorKind.Missing"/> or <see cref="SourceErrorKind.Unfit"/>: a mask does not fit the table.</exception>
    public static IReadOnlyList<ColumnMapping> Of(SourceTable table, IReadOnlyList<int> fieldIds, ColumnRules rules, string? maskKey)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(fieldIds);
        ArgumentNullException.ThrowIfNull(rules);
        CheckMasks(table, rules);
        return [.. table.Columns.Select((column, i) => Map(table, column, fieldIds[i], rules, maskKey))];
    }

    /// <summary>Whether every mask names columns of the table and fits their types.</summary>
    /// <exception cref="SourceException">As <see cref="Of"/>.</exception>
    internal static void CheckMasks(SourceTable table, ColumnRules rules)
    {
        foreach (var (name, rule) in rules.Masks)
        {
            var column = table.Find(name) ?? throw Missing(table, name, "a sensitive column");
            if (rule.Mask == ColumnMask.Partial && !TypeMappings.IsText(column))
            {
                throw new SourceException(SourceErrorKind.Unfit,
                    $"The mask 'partial' does not fit the column {name} of {table.Name}, which is of type {column.Type}: it keeps the end of a text " +
                    "(text, varchar, char, citext). Mask the column with hash, redact or null, or read the table through a view that casts it to text.");
            }

            if (rule.Mask != ColumnMask.DateShift)
            {
                continue;
            }

            if (column.TypeId is not (PostgresTypeId.Date or PostgresTypeId.Timestamp or PostgresTypeId.Timestamptz))
            {
                throw new SourceException(SourceErrorKind.Unfit,
                    $"The mask 'date_shift' does not fit the column {name} of {table.Name}, which is of type {column.Type}: it moves dates and timestamps. " +
                    "Mask the column with hash, redact or null.");
            }

            _ = table.Find(rule.By ?? throw new SourceException(SourceErrorKind.Unfit,
                $"The mask 'date_shift' of the column {name} of {table.Name} does not say by which column. Add one that names the person, for example by: customer_id."))
                ?? throw Missing(table, rule.By, $"the column by which {name} is shifted");
        }
    }

    private static ColumnMapping Map(SourceTable table, SourceTableColumn column, int fieldId, ColumnRules rules, string? maskKey) => rules.MaskOf(column) switch
    {
        { Mask: ColumnMask.DateShift, By: { } by } => ColumnMapping.DateShift(column, fieldId, table.Find(by)!, maskKey, rules.PoliciesOf(column)),
        var rule => ColumnMapping.Of(column, fieldId, rule.Mask, maskKey, rules.PoliciesOf(column)),
    };

    private static SourceException Missing(SourceTable table, string column, string use) => new(SourceErrorKind.Missing,
        $"{table.Name} has no column {column}, which the definition names as {use}. It has: {string.Join(", ", table.Columns.Select(known => known.Name).Take(40))}. Correct the name (case counts).");
}
