using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.Rows;

/// <summary>
/// The columns of row lineage (<see href="https://iceberg.apache.org/spec/#row-lineage">Row Lineage</see>): files of new rows do not have them, and their rows get both from the manifest; rows that moved bring theirs along.
/// </summary>
public static class LineageColumns
{
    /// <summary>The reserved field id of <c>_row_id</c>.</summary>
    public const int RowIdField = 2147483540;

    /// <summary>The reserved field id of <c>_last_updated_sequence_number</c>.</summary>
    public const int LastUpdatedField = 2147483539;

    /// <summary>Both, in the order in which <see cref="RowReader"/> gives them behind the schema's columns.</summary>
    internal static IReadOnlyList<NestedField> Fields { get; } =
        [NestedField.Optional(RowIdField, "_row_id", PrimitiveType.Long), NestedField.Optional(LastUpdatedField, "_last_updated_sequence_number", PrimitiveType.Long)];

    /// <summary>The columns of a file whose rows bring their lineage along.</summary>
    internal static ParquetSchema With(ParquetSchema columns) => new([.. columns.Columns, .. Fields.Select(ParquetTypes.ToColumn)]);

    /// <summary>Gives rows of a batch what they inherit from their file. Where the file has no first row id, as before the first snapshot of version 3, they have neither.</summary>
    internal static void Inherit(RowBatch batch, FileRows file)
    {
        if (file.File.FirstRowId is not { } firstRowId) return;
        batch.Columns[^2].FillNulls(firstRowId + batch.FirstPosition, step: 1);
        if (file.SequenceNumber is { } number) batch.Columns[^1].FillNulls(number, step: 0);
    }
}
