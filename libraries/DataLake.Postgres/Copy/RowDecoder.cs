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
    private readonly int[] normalized;
    private readonly bool isReplaced;
    private readonly int[] offsets;
    private readonly TupleWriter tuple = new();

    /// <summary>Binds the columns of a file.</summary>
    /// <param name="mappings">The columns that are read.</param>
    /// <param name="buffers">The file's, in the same order.</param>
    public RowDecoder(IReadOnlyList<ColumnMapping> mappings, IReadOnlyList<ColumnBuffer> buffers)
    {
        columns = [.. mappings.Zip(buffers, (mapping, buffer) => mapping.Bind(buffer))];
        normalized = [.. Enumerable.Range(0, columns.Length).Where(i => columns[i].Form == KeptForm.Normalized)];
        isReplaced = columns.Any(column => column.Form == KeptForm.Replaced);
        offsets = new int[columns.Length];
    }

    /// <summary>The number of columns.</summary>
    public int Columns => columns.Length;

    /// <summary>The hash of the rows taken in so far.</summary>
    public ContentHash Content { get; private set; }

    /// <summary>Takes a row in.</summary>
    /// <param name="row">Its bytes, which may be changed: the number of fields, then each one's length and bytes.</param>
    /// <param name="lengths">The fields' lengths; below zero: NULL. They fit the row.</param>
    /// <param name="column">The field that is at work, to name it in an error.</param>
    /// <exception cref="ColumnValueException">A value cannot be kept, or is damaged.</exception>
    /// <exception cref="ParquetException">A value does not fit its column in the file.</exception>
    internal void Decode(Span<byte> row, ReadOnlySpan<int> lengths, ref int column)
    {
        var position = sizeof(short);
        for (column = 0; column < columns.Length; column++)
        {
            position += sizeof(int);
            offsets[column] = position;
            var length = lengths[column];
            if (length < 0)
            {
                columns[column].DecodeNull();
            }
            else
            {
                columns[column].Decode(row.Slice(position, length));
                position += length;
            }
        }

        if (isReplaced)
        {
            Rewrite(row, lengths);
            Content += new ContentHash(XxHash128.Hash(tuple.Tuple));
            tuple.Trim();
            return;
        }

        foreach (var i in normalized)
        {
            if (lengths[i] >= 0)
            {
                columns[i].Normalize(row.Slice(offsets[i], lengths[i]));
            }
        }

        Content += new ContentHash(XxHash128.Hash(row));
    }

    private void Rewrite(Span<byte> row, ReadOnlySpan<int> lengths)
    {
        tuple.Start(columns.Length);
        for (var i = 0; i < columns.Length; i++)
        {
            if (lengths[i] < 0)
            {
                tuple.Null();
            }
            else
            {
                columns[i].WriteKept(row.Slice(offsets[i], lengths[i]), tuple);
            }
        }
    }
}
