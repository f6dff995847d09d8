using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Rows;

/// <summary>
/// The columns of row lineage (<see href="https://iceberg.apache.org/spec/#row-lineage">Row Lineage</see>): files of new rows do not have them, and their
/// rows get both from the manifest; rows that moved bring theirs along.
/// </summary>
public static class LineageColumns
{
    /// <summary>The reserved field id of <c>_row_id</c>.</summary>
    public const int RowIdField = 2147483540;

    /// <summary>The reserved field id of <c>_last_updated_sequence_number</c>.</summary>
    public const int LastUpdatedField = 2147483539;

    private static readonly NestedField RowId = NestedField.Optional(RowIdField, "_row_id", PrimitiveType.Long);
    private static readonly NestedField LastUpdated = NestedField.Optional(LastUpdatedField, "_last_updated_sequence_number", PrimitiveType.Long);

    /// <summary>A schema to read rows by, with <c>_row_id</c> and <c>_last_updated_sequence_number</c> as its last two columns.</summary>
    /// <param name="schema">The table's schema.</param>
    public static Schema With(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.With(RowId, LastUpdated);
    }

    /// <summary>Gives rows of a batch what they inherit from their file, where it is asked for. If the file has no first row id, as before the first snapshot of version 3, they have neither.</summary>
    internal static void Inherit(RowBatch batch, FileRows file)
    {
        if (file.File.FirstRowId is not { } firstRowId) return;
        foreach (var column in batch.Columns)
        {
            if (column.Field.Id == RowIdField) column.FillNulls(firstRowId + batch.FirstPosition, step: 1);
            else if (column.Field.Id == LastUpdatedField && file.SequenceNumber is { } number) column.FillNulls(number, step: 0);
        }
    }
}
