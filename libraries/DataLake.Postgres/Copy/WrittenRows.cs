using System.Runtime.CompilerServices;
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
        var batch = new TupleBatch();
        var rowBytes = columns.Sum(column => column.Encoder.RowBytes);
        var content = default(ContentHash);
        while (rows > 0)
        {
            // Pages of different columns end at different rows: the rows that all of them have are taken at once.
            var together = (int)Math.Min(rows, int.MaxValue);
            foreach (var column in columns)
            {
                if (column.Encoder.RowsLeft == 0 && !await column.NextPageAsync(cancellation))
                {
                    throw new ParquetException(ParquetErrorKind.Corrupt, "A row group has fewer rows in one column than its metadata states.");
                }

                together = Math.Min(together, column.Encoder.RowsLeft);
            }

            content += Hash(columns, together, rowBytes, batch);
            rows -= together;
        }

        return content;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ContentHash Hash(Column[] columns, int rows, int rowBytes, TupleBatch batch)
    {
        Span<int> sizes = stackalloc int[TupleBatch.MostRows];
        var content = default(ContentHash);
        while (rows > 0)
        {
            // Hardly more are measured than fit: of large rows few do.
            var next = sizes[..Math.Min(rows, Math.Min(TupleBatch.MostRows, (2 * batch.Rows) + 1))];
            next.Fill(rowBytes);
            foreach (var column in columns)
            {
                column.Encoder.Measure(next);
            }

            batch.Start(columns.Length, next);
            foreach (var column in columns)
            {
                column.Encoder.Encode(batch);
            }

            for (var row = 0; row < batch.Rows; row++)
            {
                content += new ContentHash(XxHash128.Hash(batch[row]));
            }

            rows -= batch.Rows;
        }

        return content;
    }

    /// <summary>One column's pages, and the encoder that walks through them.</summary>
    private sealed class Column(ColumnChunkReader pages, ColumnMapping mapping)
    {
        public ColumnChunkReader Pages => pages;

        public ColumnEncoder Encoder { get; } = mapping.BindBack(pages.Values);

        public async ValueTask<bool> NextPageAsync(CancellationToken cancellation)
        {
            do
            {
                if (!await pages.ReadPageAsync(cancellation))
                {
                    return false;
                }
            }
            while (pages.Values.RowCount == 0);
            Encoder.StartPage();
            return true;
        }
    }
}
