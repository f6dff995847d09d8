using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Parquet.Tests;

/// <summary>Pages that are passed by.</summary>
public sealed class SeekPageTests
{
    [Theory]
    [InlineData(1, 0, true)]
    [InlineData(2, 64 << 10, true)]
    [InlineData(3, 64 << 10, false)]
    public async Task Pages_after_others_that_were_passed_by_hold_the_same_rows(int seed, int dictionaryBytes, bool nullable)
    {
        var random = new Random(seed);
        var rows = Enumerable.Range(0, 20_000).Select(i => nullable && random.Next(5) == 0 ? (long?)null : i / 3 % 500).ToList();
        using var file = new MemoryStream();
        await using (var writer = new ParquetFileWriter(file, new ParquetSchema([ParquetColumn.Of("n", PhysicalType.Int64, nullable: nullable)]), new ParquetWriterOptions { PageBytes = 2048, DictionaryLimitBytes = dictionaryBytes }))
        {
            foreach (var row in rows)
            {
                if (row is { } number) ((Int64ColumnBuffer)writer[0]).Append(number);
                else writer[0].AppendNull();
            }

            await writer.CompleteAsync(default);
        }

        await using var reader = await ParquetFileReader.OpenAsync(file, leaveOpen: true);
        var pages = (await reader.ReadOffsetIndexAsync(0, 0))!.Pages;
        pages.Count.ShouldBeGreaterThan(20);
        using var column = reader.OpenColumn(0, 0);
        for (var at = random.Next(5); at < pages.Count; at += random.Next(1, 6))
        {
            if (at > 0) await column.SeekPageAsync(pages[at], default);
            (await column.ReadPageAsync(default)).ShouldBeTrue();
            var values = (FixedWidthColumnValues<long>)column.Values;
            var expected = rows.Skip((int)pages[at].FirstRow).Take(values.RowCount).ToList();
            values.RowCount.ShouldBe((int)((at + 1 < pages.Count ? pages[at + 1].FirstRow : rows.Count) - pages[at].FirstRow));
            values.Values.ToArray().ShouldBe(expected.Where(row => row is not null).Select(row => row!.Value));
        }

        var error = await Should.ThrowAsync<ParquetException>(async () => await column.SeekPageAsync(pages[0], default));
        error.Kind.ShouldBe(ParquetErrorKind.Corrupt);
    }
}
