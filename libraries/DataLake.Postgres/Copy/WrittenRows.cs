using DataLake.Contracts;
using DataLake.Parquet;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Reading;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Copy;

/// <summary>Reads the rows of a written file back, and makes of each the bytes that the server must have sent for it.</summary>
public static class WrittenRows
{
    /// <summary>The hash of the rows of one row group, in memory of about a page a column.</summary>
    /// <param name="file">The file.</param>
    /// <param name="rowGroup">The row group's number, from 0.</param>
    /// <param name="mappings">The columns as they were read.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ParquetException">The file is damaged.</exception>
    public static async Task<ContentHash> HashAsync(ParquetFileReader file, int rowGroup, IReadOnlyList<ColumnMapping> mappings, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(mappings);
        var columns = new List<Column>();
        try
        {
            foreach (var mapping in mappings)
            {
                columns.Add(new Column(file.OpenColumn(rowGroup, columns.Count), mapping));
            }

            return await HashAsync([.. columns], file.Metadata.RowGroups[rowGroup].RowCount, cancellation);
        }
        finally
        {
            foreach (var column in columns)
            {
                column.Pages.Dispose();
            }
        }
    }

    private static async Task<ContentHash> HashAsync(Column[] columns, long rows, CancellationToken cancellation)
    {
        var tuple = new TupleWriter();
        var content = default(ContentHash);
        while (rows > 0)
        {
            // Pages of different columns end at different rows: the rows that all of them have are taken at once.
            var batch = (int)Math.Min(rows, int.MaxValue);
            foreach (var column in columns)
            {
                if (column.Left == 0 && !await column.NextPageAsync(cancellation))
                {
                    throw new ParquetException(ParquetErrorKind.Corrupt, "A row group has fewer rows in one column than its metadata states.");
                }

                batch = Math.Min(batch, column.Left);
            }

            content += Hash(columns, batch, tuple);
            rows -= batch;
        }

        return content;
    }

    private static ContentHash Hash(Column[] columns, int rows, TupleWriter tuple)
    {
        var content = default(ContentHash);
        for (var row = 0; row < rows; row++)
        {
            tuple.Start(columns.Length);
            foreach (var column in columns)
            {
                column.EncodeNext(tuple);
            }

            content += new ContentHash(XxHash128.Hash(tuple.Tuple));
        }

        return content;
    }

    /// <summary>One column's pages, and the place in the one that is read.</summary>
    private sealed class Column(ColumnChunkReader pages, ColumnMapping mapping)
    {
        private readonly ColumnValues values = pages.Values;
        private readonly ColumnEncoder encoder = mapping.BindBack(pages.Values);
        private int row;
        private int value;

        public ColumnChunkReader Pages => pages;

        /// <summary>Rows of the page that were not read yet.</summary>
        public int Left => values.RowCount - row;

        public async ValueTask<bool> NextPageAsync(CancellationToken cancellation)
        {
            do
            {
                (row, value) = (0, 0);
                if (!await pages.ReadPageAsync(cancellation))
                {
                    return false;
                }
            }
            while (values.RowCount == 0);
            return true;
        }

        public void EncodeNext(TupleWriter tuple)
        {
            if (values.IsNull(row++))
            {
                tuple.Null();
            }
            else
            {
                encoder.Encode(value++, tuple);
            }
        }
    }
}
