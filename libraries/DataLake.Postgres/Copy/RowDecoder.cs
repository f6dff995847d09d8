using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DataLake.Contracts;
using DataLake.Parquet;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Hashing;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Copy;

/// <summary>Takes the rows of one file in: each field into its column, and each row into the receipt.</summary>
/// <remarks>
/// The receipt counts a row as the server sent it, except where a mask or a policy keeps another value, and where a type has several forms of one value (the display scale of
/// a numeric). So <see cref="WrittenRows"/> can make the same bytes from the file again.
/// </remarks>
public sealed class RowDecoder
{
    private readonly ColumnDecoder[] columns;
    private readonly bool isReplaced;
    private readonly TupleWriter tuple = new();

    /// <summary>Binds the columns of a file.</summary>
    /// <param name="mappings">The columns that are read.</param>
    /// <param name="buffers">The file's, in the same order.</param>
    public RowDecoder(IReadOnlyList<ColumnMapping> mappings, IReadOnlyList<ColumnBuffer> buffers)
    {
        columns = [.. mappings.Zip(buffers, (mapping, buffer) => mapping.Bind(buffer))];
        isReplaced = columns.Any(column => column.Form == KeptForm.Replaced);
    }

    /// <summary>The number of columns.</summary>
    public int Columns => columns.Length;

    /// <summary>The hash of the rows taken in so far.</summary>
    public ContentHash Content { get; private set; }

    /// <summary>Takes rows in. Their bytes may be changed.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="column">Where it fails: the first field, of the first such row, that cannot be kept.</param>
    /// <param name="row">The field's row.</param>
    /// <exception cref="ColumnValueException">A value cannot be kept, or is damaged.</exception>
    /// <exception cref="ParquetException">A value does not fit its column in the file.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Decode(RowBatch rows, ref int column, ref int row)
    {
        if (isReplaced)
        {
            DecodeReplaced(rows, ref column, ref row);
            return;
        }

        DecodeColumns(rows, ref column, ref row);
        var content = Content;
        for (row = 0; row < rows.Count; row++)
        {
            content += new ContentHash(XxHash128.Hash(rows[row]));
        }

        Content = content;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DecodeColumns(RowBatch rows, ref int column, ref int row)
    {
        ExceptionDispatchInfo? problem = null;
        var whole = rows.Count;
        for (var next = 0; next < columns.Length; next++)
        {
            var at = 0;
            try
            {
                columns[next].DecodeRows(rows.Fields(next, 0, whole), ref at);
            }
            catch (Exception error) when (error is ColumnValueException or ParquetException)
            {
                // In the rows before it, a column that is still to come may have another.
                (problem, column, row, whole) = (ExceptionDispatchInfo.Capture(error), next, at, at);
            }
        }

        problem?.Throw();
    }

    /// <summary>As <see cref="Decode"/>, a row at a time: what was kept of a value is known until the next one.</summary>
    private void DecodeReplaced(RowBatch rows, ref int column, ref int row)
    {
        for (row = 0; row < rows.Count; row++)
        {
            tuple.Start(columns.Length);
            for (column = 0; column < columns.Length; column++)
            {
                var field = rows.Fields(column, row, 1);
                var first = 0;
                columns[column].DecodeRows(field, ref first);
                if (field.TryGet(0, out var value))
                {
                    columns[column].WriteKept(value, tuple);
                }
                else
                {
                    tuple.Null();
                }
            }

            Content += new ContentHash(XxHash128.Hash(tuple.Tuple));
            tuple.Trim();
        }
    }
}
