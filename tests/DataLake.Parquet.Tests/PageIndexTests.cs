using System.Text.Json;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Statistics;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

public sealed class PageIndexTests
{
    private static TestTable Table(int seed) => seed % 2 == 0
        ? TableCases.EveryType("pages", 1_500, true, seed, nullShare: 0.3, options: new() { PageBytes = 1024, RowGroupRows = 700 }, batch: 100)
        : TableCases.Lists("pages", 500, true, true, seed, options: new() { PageBytes = 1024, RowGroupRows = 200 });

    [Theory]
    [InlineData(50)]
    [InlineData(51)]
    public async Task Every_page_stands_where_the_index_says_and_lies_within_its_bounds(int seed)
    {
        var (file, summary) = await Table(seed).WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        var pages = 0;
        for (var group = 0; group < summary.RowGroups.Count; group++)
        {
            for (var column = 0; column < reader.Metadata.Schema.Columns.Count; column++)
            {
                var chunk = reader.Metadata.RowGroups[group].Columns[column];
                var offsets = (await reader.ReadOffsetIndexAsync(group, column))!.Pages;
                var index = (await reader.ReadColumnIndexAsync(group, column))!;
                offsets[0].Offset.ShouldBe(chunk.DataPageOffset);
                (offsets[^1].Offset + offsets[^1].CompressedSize).ShouldBe(chunk.Start + chunk.TotalCompressedSize);
                using var found = reader.OpenColumn(group, column);
                var row = 0L;
                for (var page = 0; page < offsets.Count; page++, pages++)
                {
                    if (page > 0) offsets[page].Offset.ShouldBe(offsets[page - 1].Offset + offsets[page - 1].CompressedSize);
                    offsets[page].FirstRow.ShouldBe(row);
                    (await found.ReadPageAsync(default)).ShouldBeTrue();
                    Check(index, page, found.Values);
                    row += found.Values.RowCount;
                }

                (await found.ReadPageAsync(default)).ShouldBeFalse();
                index.NullCounts!.Sum().ShouldBe(chunk.Statistics!.NullCount!.Value);
                if (chunk.Statistics.NanCount is { } nans) index.NanCounts!.Sum().ShouldBe(nans);
                else index.NanCounts.ShouldBeNull();
            }
        }

        pages.ShouldBeGreaterThan(250);
    }

    [Fact]
    public async Task Hyparquet_finds_the_same_indexes()
    {
        var table = Table(52);
        using var folder = new TemporaryFolder();
        var (file, _) = await table.WriteAsync();
        await File.WriteAllBytesAsync(folder.In("t.parquet"), file);
        var lines = (await LakeReaders.ReadAsync("indexes", [folder.In("t.parquet")]))[0];
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        lines.Count.ShouldBe(reader.Metadata.RowGroups.Count * table.Schema.Columns.Count);
        for (var i = 0; i < lines.Count; i++)
        {
            var (group, column) = (i / table.Schema.Columns.Count, i % table.Schema.Columns.Count);
            var found = JsonDocument.Parse(lines[i]).RootElement;
            var index = (await reader.ReadColumnIndexAsync(group, column))!;
            var ours = (await reader.ReadOffsetIndexAsync(group, column))!;
            found.GetProperty("offset").GetProperty("page_locations").EnumerateArray()
                .Select(page => new PageLocation(Number(page, "offset"), (int)Number(page, "compressed_page_size"), Number(page, "first_row_index"))).ShouldBe(ours.Pages);
            var theirs = found.GetProperty("column");
            theirs.GetProperty("null_pages").EnumerateArray().Select(value => value.GetBoolean()).ShouldBe(index.NullPages);
            theirs.GetProperty("null_counts").EnumerateArray().Select(AsNumber).ShouldBe(index.NullCounts);
            theirs.GetProperty("boundary_order").GetString().ShouldBe(index.BoundaryOrder.ToString().ToUpperInvariant());
            if (table.Schema.Columns[column] is not { PhysicalType: PhysicalType.Int64, LogicalType: null }) continue;
            var mins = theirs.GetProperty("min_values").EnumerateArray().Select(AsNumber).ToList();
            for (var page = 0; page < mins.Count; page++)
                if (!index.NullPages[page]) mins[page].ShouldBe(BitConverter.ToInt64(index.MinValues[page].Span));
        }

        static long Number(JsonElement page, string name) => AsNumber(page.GetProperty(name));
        static long AsNumber(JsonElement value) => value.ValueKind == JsonValueKind.String ? long.Parse(value.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : value.GetInt64();
    }

    [Fact]
    public async Task Sorted_columns_say_so_and_nulls_do_not_stand_in_their_way()
    {
        string[] names = ["rising", "falling", "neither", "rising between nulls", "constant", "null"];
        var schema = new ParquetSchema([.. names.Select(name => ParquetColumn.Of(name, PhysicalType.Int32))]);
        var rows = Enumerable.Range(0, 9_000).Select(i => new object?[] { i, -i, i % 256 * ((i >> 8) % 2 == 0 ? 1 : -1), i / 2500 % 2 == 1 ? null : i, 7, null }).ToList();
        var (file, _) = await new TestTable("sorted", schema, rows) { Options = new() { PageBytes = 1024, DictionaryLimitBytes = 0 } }.WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        BoundaryOrder[] expected = [BoundaryOrder.Ascending, BoundaryOrder.Descending, BoundaryOrder.Unordered, BoundaryOrder.Ascending, BoundaryOrder.Ascending, BoundaryOrder.Ascending];
        for (var column = 0; column < expected.Length; column++)
        {
            var index = (await reader.ReadColumnIndexAsync(0, column))!;
            index.BoundaryOrder.ShouldBe(expected[column], names[column]);
            index.NullPages.Any(isNull => isNull).ShouldBe(column >= 3 && column != 4, names[column]);
        }
    }

    [Fact]
    public async Task A_page_without_bounds_leaves_the_chunk_without_a_column_index()
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("NaN", PhysicalType.Double), ParquetColumn.Of("bytes", PhysicalType.ByteArray),
            ParquetColumn.Of("decimal", PhysicalType.ByteArray, LogicalType.Decimal(40, 0)), ParquetColumn.Of("number", PhysicalType.Double)]);
        var endless = Enumerable.Repeat((byte)0xFF, 70).ToArray();
        var (file, summary) = await new TestTable("bounds", schema, [[double.NaN, endless, new byte[] { 1 }, 1.0], [double.NaN, endless, null, double.NaN]]).WriteAsync();
        summary.Columns[2].Statistics.MinValue.ShouldBeNull();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        for (var column = 0; column < 4; column++)
        {
            ((await reader.ReadColumnIndexAsync(0, column)) is not null).ShouldBe(column == 3);
            (await reader.ReadOffsetIndexAsync(0, column))!.Pages.Count.ShouldBe(1);
        }

        (await reader.ReadColumnIndexAsync(0, 3))!.NanCounts.ShouldBe([1L]);
    }

    [Fact]
    public async Task Bounds_in_the_index_are_cut_as_those_of_the_chunk_are()
    {
        var schema = new ParquetSchema([ParquetColumn.Text("text")]);
        var (file, _) = await new TestTable("long", schema, [[Utf8("a" + new string('é', 100))], [Utf8(new string('é', 100))]]).WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        var (index, chunk) = ((await reader.ReadColumnIndexAsync(0, 0))!, reader.Metadata.RowGroups[0].Columns[0].Statistics!);
        index.MinValues[0].ToArray().ShouldBe(chunk.MinValue!.Value.ToArray());
        index.MaxValues[0].ToArray().ShouldBe(chunk.MaxValue!.Value.ToArray());
        index.MaxValues[0].Length.ShouldBeLessThanOrEqualTo(64);
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);

    private static void Check(ColumnIndex index, int page, ColumnValues values)
    {
        var leaf = values.Column.Leaf;
        var inner = values is ListColumnValues lists ? lists.Elements : values;
        index.NullPages[page].ShouldBe(inner.ValueCount == 0);
        var nulls = values is ListColumnValues list
            ? list.Elements.NullCount + Enumerable.Range(0, list.RowCount).Count(row => list.Offsets[row] == list.Offsets[row + 1])
            : values.NullCount;
        index.NullCounts![page].ShouldBe(nulls);
        var nans = 0;
        for (var i = 0; i < inner.ValueCount; i++)
        {
            var value = Plain(inner, i);
            if (inner is FixedWidthColumnValues<double> d && double.IsNaN(d.Values[i]) || inner is FixedWidthColumnValues<float> f && float.IsNaN(f.Values[i]))
            {
                nans++;
                continue;
            }

            if (leaf.PhysicalType == PhysicalType.Boolean) continue;
            BoundOrder.Compare(leaf, index.MinValues[page].Span, value).ShouldBeLessThanOrEqualTo(0);
            BoundOrder.Compare(leaf, index.MaxValues[page].Span, value).ShouldBeGreaterThanOrEqualTo(0);
        }

        if (index.NanCounts is not null) index.NanCounts[page].ShouldBe(nans);
    }

    private static byte[] Plain(ColumnValues values, int i) => values switch
    {
        FixedWidthColumnValues<bool> v => BitConverter.GetBytes(v.Values[i]),
        FixedWidthColumnValues<int> v => BitConverter.GetBytes(v.Values[i]),
        FixedWidthColumnValues<long> v => BitConverter.GetBytes(v.Values[i]),
        FixedWidthColumnValues<float> v => BitConverter.GetBytes(v.Values[i]),
        FixedWidthColumnValues<double> v => BitConverter.GetBytes(v.Values[i]),
        ByteArrayColumnValues v => v[i].ToArray(),
        _ => throw new InvalidOperationException(),
    };
}
