using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Layout;

/// <summary>What the rows of a table are divided by.</summary>
/// <param name="Column">The name of a column.</param>
/// <param name="Transform">What of its values.</param>
public sealed record LayoutPartition(string Column, Transform Transform);

/// <summary>What the rows of a file are sorted by.</summary>
/// <param name="Column">The name of a column.</param>
/// <param name="Direction">Rising or falling.</param>
/// <param name="NullOrder">Where nulls stand.</param>
public sealed record LayoutSort(string Column, SortDirection Direction, NullOrder NullOrder);

/// <summary>How a table's files should be: by which columns rows are divided, and by which they are sorted. It becomes the table's default partition spec and sort order; files of other specs and orders stay readable.</summary>
/// <param name="Partitions">What rows are divided by; none: they are not.</param>
/// <param name="Sorts">What they are sorted by, most important first; none: they are not.</param>
public sealed record TableLayout(IReadOnlyList<LayoutPartition> Partitions, IReadOnlyList<LayoutSort> Sorts)
{
    /// <summary>The partition spec for a schema, its fields named as other Iceberg programs name them, ids left to the table.</summary>
    /// <param name="tableName">The table's name, for messages.</param>
    /// <param name="schema">The schema.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column is not there, or of a type that the transform does not take.</exception>
    public PartitionSpec SpecOf(string tableName, Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var fields = new List<PartitionField>();
        foreach (var (name, transform) in Partitions)
        {
            var (id, type) = ColumnOf(tableName, schema, name, "partitioned");
            if (!transform.IsKnown || !transform.CanTransform(type))
            {
                throw IcebergException.Invalid(
                    $"Table {tableName} cannot be partitioned by {transform} of the column '{name}', which is {type}: {transform} takes {Taken(transform)}. Choose another column or transform.");
            }

            fields.Add(PartitionField.Of(id, NameOf(name, transform), transform));
        }

        var spec = new PartitionSpec(0, fields);
        return spec.Fault(schema) is { } fault ? throw IcebergException.Invalid($"Table {tableName} cannot be partitioned so: {fault}. Choose another column or transform, or rename the column.") : spec;
    }

    /// <summary>The sort order for a schema.</summary>
    /// <param name="tableName">The table's name, for messages.</param>
    /// <param name="schema">The schema.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column is not there, or is a list.</exception>
    public SortOrder OrderOf(string tableName, Schema schema) =>
        new(0, [.. Sorts.Select(sort => new SortField(ColumnOf(tableName, schema, sort.Column, "sorted").Id, Transform.Identity, sort.Direction, sort.NullOrder))]);

    /// <summary>What makes this the layout of a table: a spec or order that it has already becomes the default again, any other is added. Beside the default spec the table has one without partitions, for
    /// files whose rows are not divided yet.</summary>
    /// <param name="tableName">The table's name, for messages.</param>
    /// <param name="table">The table, with the schema of new files.</param>
    /// <returns>The updates; none where the table is so already.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: it does not fit the schema.</exception>
    public IReadOnlyList<TableUpdate> Updates(string tableName, TableMetadata table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var (spec, order) = (SpecOf(tableName, table.CurrentSchema), OrderOf(tableName, table.CurrentSchema));
        var updates = new List<TableUpdate>();
        if (!table.PartitionSpecs.Any(present => present.IsUnpartitioned)) updates.Add(new TableUpdate.AddSpec(PartitionSpec.Unpartitioned));
        if (!IsSame(table.DefaultSpec, spec))
        {
            if (table.PartitionSpecs.FirstOrDefault(present => IsSame(present, spec)) is { } present) updates.Add(new TableUpdate.SetDefaultSpec(present.SpecId));
            else updates.AddRange([new TableUpdate.AddSpec(spec), new TableUpdate.SetDefaultSpec(TableUpdate.LastAdded)]);
        }

        if (!table.DefaultSortOrder.IsSameAs(order)) updates.AddRange([new TableUpdate.AddSortOrder(order), new TableUpdate.SetDefaultSortOrder(TableUpdate.LastAdded)]);
        return updates;
    }

    /// <summary>Whether two specs divide rows in the same way, whatever their fields are called: a column may have been renamed since.</summary>
    private static bool IsSame(PartitionSpec present, PartitionSpec wanted) => wanted.Fields.Count == 0
        ? present.IsUnpartitioned
        : present.Fields.Select(field => (field.SourceId, field.Transform)).SequenceEqual(wanted.Fields.Select(field => (field.SourceId, field.Transform)));

    private static (int Id, PrimitiveType Type) ColumnOf(string tableName, Schema schema, string name, string what) => schema.Columns.Fields.FirstOrDefault(field => field.Name == name) switch
    {
        { Type: PrimitiveType type } field => (field.Id, type),
        { } field => throw IcebergException.Invalid($"Table {tableName} cannot be {what} by the column '{name}', which is {field.Type}; choose a column with one value a row."),
        null => throw IcebergException.Invalid(
            $"Table {tableName} is to be {what} by the column '{name}', which it does not have. It has: {string.Join(", ", schema.Columns.Fields.Select(field => field.Name).Take(40))}. Correct the name (case counts)."),
    };

    /// <summary>The name that other Iceberg programs give the field too.</summary>
    private static string NameOf(string column, Transform transform) => transform is IdentityTransform ? column
        : $"{column}_{transform.ToString()!.TrimEnd(']').Replace("truncate[", "trunc_", StringComparison.Ordinal).Replace('[', '_')}";

    private static string Taken(Transform transform) => transform switch
    {
        CalendarTransform { Unit: CalendarUnit.Hour } => "times with a date",
        CalendarTransform => "dates and times with a date",
        TruncateTransform => "whole numbers, decimals, text and bytes",
        BucketTransform => "all but truth values and floating-point numbers",
        _ => "nothing that is known here",
    };
}
