using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Rows;

/// <summary>Walks one column of a row group and hands rows on, a page in memory.</summary>
internal sealed class ValueCursor : IDisposable
{
    private readonly ColumnChunkReader? pages;
    private readonly ColumnValues? whole;
    private int row;
    private int value;

    private ValueCursor(ColumnChunkReader? pages, ColumnValues? whole) => (this.pages, this.whole) = (pages, whole);

    private ColumnValues Values => whole ?? pages!.Values;

    /// <summary>Opens a column. A list whose pages may not begin with a row is read at once: without a page index nothing says where its pages begin.</summary>
    public static async Task<ValueCursor> OpenAsync(ParquetFileReader reader, int rowGroup, int column, CancellationToken cancellation) =>
        reader.Metadata.Schema.Columns[column].Element is not null && reader.Metadata.RowGroups[rowGroup].Columns[column].OffsetIndex is null
            ? new ValueCursor(null, await reader.ReadColumnAsync(rowGroup, column, cancellation))
            : new ValueCursor(reader.OpenColumn(rowGroup, column), null);

    /// <summary>Adds the next rows to a column.</summary>
    public async ValueTask ReadAsync(RowColumn target, int count, CancellationToken cancellation)
    {
        while (count > 0)
        {
            if (row == Values.RowCount)
            {
                if (pages is null || !await pages.ReadPageAsync(cancellation))
                    throw IcebergException.Corrupt($"Column '{Values.Column.Name}' has fewer rows than its row group; write the file again.");
                (row, value) = (0, 0);
            }

            var step = Math.Min(count, Values.RowCount - row);
            target.Add(Values, row, value, step);
            value += Values.NullCount == 0 ? step : Values.DefinitionLevels.Slice(row, step).Count((byte)1);
            row += step;
            count -= step;
        }
    }

    public void Dispose()
    {
        pages?.Dispose();
        whole?.Dispose();
    }
}
