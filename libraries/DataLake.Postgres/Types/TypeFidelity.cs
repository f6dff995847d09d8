using System.Globalization;
using DataLake.Parquet.Schema;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Types;

/// <summary>What becomes of one column.</summary>
/// <param name="Column">The column.</param>
/// <param name="SourceType">Its type in the source, as PostgreSQL writes it.</param>
/// <param name="LakeType">Its type in the lake, as Iceberg writes it.</param>
/// <param name="Fidelity">How truly its values are kept.</param>
/// <param name="Note">What to know of it, in a few sentences; may be empty.</param>
public sealed record ColumnFidelity(string Column, string SourceType, string LakeType, Fidelity Fidelity, string Note);

/// <summary>Says before the first row moves what becomes of a table's columns.</summary>
public static class TypeFidelity
{
    // Only the type of the masked column is looked at.
    private const string NoKey = "";

    /// <summary>The report, one entry a column, in their order. It needs no key.</summary>
    /// <exception cref="SourceException">A mask does not fit the table, as <see cref="TableMapping.Of"/> says.</exception>
    public static IReadOnlyList<ColumnFidelity> Report(SourceTable table, ColumnRules rules)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rules);
        var mappings = TableMapping.Of(table, [.. table.Columns.Select(column => column.Number)], rules, NoKey);
        return [.. table.Columns.Select((column, i) => Of(column, LakeType(mappings[i].Column), rules))];
    }

    /// <summary>The type of a file's column as Iceberg writes it (<see href="https://iceberg.apache.org/spec/#parquet">Parquet types</see>).</summary>
    internal static string LakeType(ParquetColumn column) => column.LogicalType switch
    {
        { Kind: LogicalTypeKind.List } => $"list<{LakeType(column.Element!)}>",
        { Kind: LogicalTypeKind.Decimal } type => string.Create(CultureInfo.InvariantCulture, $"decimal({type.Precision},{type.Scale})"),
        { Kind: LogicalTypeKind.Timestamp } type => type.IsAdjustedToUtc ? "timestamptz" : "timestamp",
        { Kind: LogicalTypeKind.Date } => "date",
        { Kind: LogicalTypeKind.Time } => "time",
        { Kind: LogicalTypeKind.Uuid } => "uuid",
        { Kind: LogicalTypeKind.String } => "string",
        _ => column.PhysicalType switch
        {
            PhysicalType.Boolean => "boolean",
            PhysicalType.Int32 => "int",
            PhysicalType.Int64 => "long",
            PhysicalType.Float => "float",
            PhysicalType.Double => "double",
            _ => "binary",
        },
    };

    private static ColumnFidelity Of(SourceTableColumn column, string lakeType, ColumnRules rules)
    {
        var (mask, policies) = (rules.MaskOf(column), rules.PoliciesOf(column));
        if (mask.Mask != ColumnMask.None)
        {
            return new(column.Name, column.Type, lakeType, Fidelity.Masked, NoteOf(mask));
        }

        var line = TypeMappings.Of(column, policies);
        var leavesOut = TypeMappings.LeavesOut(line, policies);
        return new(column.Name, column.Type, lakeType, leavesOut ? Fidelity.Policy : line.Fidelity, NoteOf(line, leavesOut));
    }

    private static string NoteOf(TypeMapping line, bool leavesOut) => string.Join(' ', new[]
    {
        line.Policy is { } policy && (leavesOut || line.Fidelity == Fidelity.Policy || policy.Contains(':', StringComparison.Ordinal))
            ? $"By types.{(leavesOut ? policy.Split(':')[0] : policy)}." : "",
        leavesOut ? "Values that are not finite become NULL." : line.Refused.Length > 0 ? $"Refused: {line.Refused.Replace("`", "", StringComparison.Ordinal)}." : "",
        line.Remark.Replace("`", "", StringComparison.Ordinal),
    }.Where(part => part.Length > 0));

    private static string NoteOf(ColumnMaskRule mask) => mask.Mask switch
    {
        ColumnMask.Null => "Always NULL.",
        ColumnMask.Redact => "[redacted] in place of each value.",
        ColumnMask.Hash => "A keyed hash of the value's text.",
        ColumnMask.Partial => "The last four characters, at most half of them.",
        _ => $"Moved by up to 365 days, decided by {mask.By}; NULL where {mask.By} is.",
    };
}
