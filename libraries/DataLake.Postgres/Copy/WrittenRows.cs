using System.Runtime.CompilerServices;
using DataLake.Contracts;
using DataLake.Parquet;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Reading;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Copy;

/// <summary>
/// Reads the rows of one row group back, some at a time, and makes of each the bytes that the server must have sent for it. It takes the memory of about a page a column, and none a row.
/// </summary>
public sealed class WrittenRows : IDisposable
{
    private readonly Column[] columns;
    private readonly int rowBytes;
    private readonly TupleBatch batch = new();
    private long rowsLeft;

    /// <param name="file">The file.</param>
    /// <param name="rowGroup">The row group's number, from 0.</param>
    /// <param name="mappings">The columns as they were read.</param>
    /// <exception cref="ParquetException">The file is damaged.</exception>
    public WrittenRows(ParquetFileReader file, int rowGroup, IReadOnlyList<ColumnMapping> mappings)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(mappings);
        rowsLeft = file.Metadata.RowGroups[rowGroup].RowCount;
        columns = new Column[mappings.Count];
        try
        {
            for (var i = 0; i < columns.Length; i++)
            {
                columns[i] = new Column(file.OpenColumn(rowGroup, i), mappings[i]);
            }
        }
        catch
        {
            Dispose();
            throw;
        }

        rowBytes = columns.Sum(column => column.Encoder.RowBytes);
    }

    /// <summary>The hash of the rows so far.</summary>
    public ContentHash Content { get; private set; }

    /// <summary>The hash of all rows of a row group.</summary>
    /// <param name="file">The file.</param>
    /// <param name="rowGroup">The row group's number, from 0.</param>
    /// <param name="mappings">The columns as they were read.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ParquetException">The file is damaged.</exception>
    public static async Task<ContentHash> HashAsync(ParquetFileReader file, int rowGroup, IReadOnlyList<ColumnMapping> mappings, CancellationToken cancellation)
    {
        using var rows = new WrittenRows(file, rowGroup, mappings);
        while (await rows.ReadAsync(cancellation))
        {
            // All of them.
        }

        return rows.Content;
    }

    /// <summary>Reads the next rows: some hundred small ones, or a large one.</summary>
    /// <param name="cancellation">Stops the reading.</param>
    /// <returns>Whether there were any.</returns>
    /// <exception cref="ParquetException">The file is damaged.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (rowsLeft == 0)
        {
            return false;
        }

        // Pages of different columns end at different rows: the rows that all of them have are taken at once.
        var together = (int)Math.Min(rowsLeft, TupleBatch.MostRows);
        foreach (var column in columns)
        {
            if (column.Encoder.RowsLeft == 0 && !await column.NextPageAsync(cancellation))
            {
                throw new ParquetException(ParquetErrorKind.Corrupt, "A row group has fewer rows in one column than its metadata states.");
            }

            together = Math.Min(together, column.Encoder.RowsLeft);
        }

        Content += Hash(together);
        rowsLeft -= batch.Rows;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var column in columns)
        {
            column?.Pages.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private ContentHash Hash(int rows)
    {
        // Hardly more are measured than fit: of large rows few do.
        Span<int> sizes = stackalloc int[Math.Min(rows, (2 * batch.Rows) + 1)];
        sizes.Fill(rowBytes);
        foreach (var column in columns)
        {
            column.Encoder.Measure(sizes);
        }

        batch.Start(columns.Length, sizes);
        foreach (var column in columns)
        {
            column.Encoder.Encode(batch);
        }

        var content = default(ContentHash);
        for (var row = 0; row < batch.Rows; row++)
        {
            content += new ContentHash(XxHash128.Hash(batch[row]));
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
