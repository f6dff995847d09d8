using DataLake.Parquet.Reading;

namespace DataLake.Parquet.Tests.Tables;

/// <summary>Reads whole files back into rows with the library's own reader.</summary>
internal static class OwnReader
{
    public static async Task<List<object?[]>> ReadAsync(byte[] file, bool byPage = false)
    {
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        return await ReadAsync(reader, byPage);
    }

    public static async Task<List<object?[]>> ReadAsync(ParquetFileReader reader, bool byPage = false)
    {
        var rows = new List<object?[]>();
        var columns = reader.Metadata.Schema.Columns.Count;
        for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
        {
            var start = rows.Count;
            for (var i = 0L; i < reader.Metadata.RowGroups[rowGroup].RowCount; i++) rows.Add(new object?[columns]);
            for (var column = 0; column < columns; column++)
            {
                if (byPage)
                {
                    var row = start;
                    using var pages = reader.OpenColumn(rowGroup, column);
                    while (await pages.ReadPageAsync(default)) row = Fill(rows, row, column, pages.Values);
                }
                else
                {
                    using var values = await reader.ReadColumnAsync(rowGroup, column);
                    Fill(rows, start, column, values);
                }
            }
        }

        return rows;
    }

    public static async Task<List<object?>> ReadColumnAsync(ParquetFileReader reader, int column)
    {
        var rows = new List<object?[]>();
        for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
        {
            var start = rows.Count;
            using var values = await reader.ReadColumnAsync(rowGroup, column);
            for (var i = 0; i < values.RowCount; i++) rows.Add(new object?[1]);
            Fill(rows, start, 0, values);
        }

        return [.. rows.Select(row => row[0])];
    }

    private static int Fill(List<object?[]> rows, int row, int column, ColumnValues values)
    {
        foreach (var value in All(values)) rows[row++][column] = value;
        return row;
    }

    private static IEnumerable<object?> All(ColumnValues values)
    {
        var next = 0;
        var elements = values is ListColumnValues lists ? All(lists.Elements).ToList() : [];
        for (var i = 0; i < values.RowCount; i++)
        {
            if (values.IsNull(i))
            {
                if (values is ListColumnValues list) list.Offsets[i + 1].ShouldBe(list.Offsets[i]);
                yield return null;
                continue;
            }

            yield return values switch
            {
                FixedWidthColumnValues<bool> v => v.Values[next],
                FixedWidthColumnValues<int> v => v.Values[next],
                FixedWidthColumnValues<long> v => v.Values[next],
                FixedWidthColumnValues<float> v => v.Values[next],
                FixedWidthColumnValues<double> v => v.Values[next],
                ByteArrayColumnValues v => v[next].ToArray(),
                ListColumnValues v => elements[v.Offsets[i]..v.Offsets[i + 1]].ToArray(),
                _ => throw new InvalidOperationException(),
            };
            next++;
        }

        next.ShouldBe(values.ValueCount);
    }
}
