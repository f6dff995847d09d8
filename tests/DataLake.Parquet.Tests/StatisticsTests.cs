using System.Text;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

public sealed class StatisticsTests
{
    [Fact]
    public async Task DuckDB_finds_bounds_and_null_counts_that_agree_with_the_data()
    {
        var table = TableCases.EveryType("statistics", 4_000, nullable: true, seed: 21, batch: 500, options: new() { RowGroupRows = 1500, PageBytes = 4096 });
        using var folder = new TemporaryFolder();
        await using (var file = File.Create(folder.In("t.parquet"))) await table.WriteAsync(file);
        var path = folder.In("t.parquet");

        // For every column whose bounds DuckDB shows as its own values: what the footer says against what the rows say. Text of 64 bytes and less is exact.
        (string Column, string Type)[] columns =
        [
            ("int32", "INTEGER"), ("int64", "BIGINT"), ("text", "VARCHAR"), ("enum", "VARCHAR"), ("date", "DATE"), ("integer 8 True", "TINYINT"),
            ("integer 32 False", "UINTEGER"), ("integer 64 False", "UBIGINT"), ("decimal 9", "DECIMAL(9,2)"), ("decimal 18", "DECIMAL(18,6)"),
            ("decimal 38", "DECIMAL(38,10)"), ("decimal 20", "DECIMAL(20,0)"), ("timestamp Microseconds", "TIMESTAMP"), ("time us", "TIME"), ("bool", "BOOLEAN"),
        ];
        var rows = await LakeReaders.SqlAsync(string.Join(" UNION ALL ", columns.Select(c => $"""
            SELECT footer.nulls = data.nulls AND footer.low = data.low AND footer.high = data.high AND footer.exact, '{c.Column}', footer::VARCHAR, data::VARCHAR
            FROM (
              SELECT sum(stats_null_count) AS nulls, min(stats_min_value::{c.Type}) AS low, max(stats_max_value::{c.Type}) AS high, bool_and(min_is_exact AND max_is_exact) AS exact
              FROM parquet_metadata('{path}') WHERE path_in_schema = '{c.Column}') AS footer,
              (SELECT count(*) - count("{c.Column}") AS nulls, min("{c.Column}") AS low, max("{c.Column}") AS high FROM read_parquet('{path}')) AS data
            """)));
        rows.Count.ShouldBe(columns.Length);
        foreach (var row in rows) row.ShouldStartWith("[true,");
    }

    [Fact]
    public async Task Bounds_of_floats_skip_NaN_and_give_zero_both_signs()
    {
        var schema = new ParquetSchema([.. new[] { "mixed", "only NaN", "zero", "infinite" }.Select(name => ParquetColumn.Of(name, PhysicalType.Double))]);
        var rows = Enumerable.Range(0, 40).Select(i => new object?[]
        {
            i % 3 == 0 ? double.NaN : i - 7.0, double.NaN, i % 2 == 0 ? 0.0 : double.NaN, i % 4 == 0 ? null : double.NegativeInfinity,
        }).ToList();
        var (_, summary) = await new TestTable("floats", schema, rows).WriteAsync();
        var statistics = summary.Columns.Select(column => column.Statistics).ToList();
        Number(statistics[0].MinValue).ShouldBe(-6.0);
        Number(statistics[0].MaxValue).ShouldBe(31.0);
        statistics[0].NanCount.ShouldBe(14);
        statistics[1].MinValue.ShouldBeNull();
        statistics[1].MaxValue.ShouldBeNull();
        statistics[1].NanCount.ShouldBe(40);
        double.IsNegative(Number(statistics[2].MinValue)).ShouldBeTrue();
        double.IsNegative(Number(statistics[2].MaxValue)).ShouldBeFalse();
        statistics[3].NullCount.ShouldBe(10);
        Number(statistics[3].MaxValue).ShouldBe(double.NegativeInfinity);

        static double Number(ReadOnlyMemory<byte>? bytes) => BitConverter.ToDouble(bytes!.Value.Span);
    }

    [Fact]
    public async Task Long_text_is_cut_to_bounds_that_are_text_and_still_enclose_it()
    {
        // Two bytes each: 64 bytes end between characters, 64 after one 'a' in the middle of one.
        var low = "a" + new string('é', 40);
        var high = new string('é', 40);
        var statistics = await TextStatistics(LogicalType.String, Encoding.UTF8.GetBytes(low), Encoding.UTF8.GetBytes(high));
        Encoding.UTF8.GetString(statistics.MinValue!.Value.Span).ShouldBe("a" + new string('é', 31));
        Encoding.UTF8.GetString(statistics.MaxValue!.Value.Span).ShouldBe(new string('é', 31) + 'ê');
        statistics.IsMinExact.ShouldBe(false);
        statistics.IsMaxExact.ShouldBe(false);
    }

    [Fact]
    public async Task Text_of_64_bytes_is_exact_and_one_that_goes_on_behind_it_is_not()
    {
        var short64 = Encoding.UTF8.GetBytes(new string('x', 64));
        var statistics = await TextStatistics(LogicalType.String, short64, Encoding.UTF8.GetBytes(new string('x', 65)));
        statistics.IsMinExact.ShouldBe(true);
        statistics.MinValue!.Value.ToArray().ShouldBe(short64);
        statistics.IsMaxExact.ShouldBe(false);
        Encoding.UTF8.GetString(statistics.MaxValue!.Value.Span).ShouldBe(new string('x', 63) + 'y');
    }

    [Fact]
    public async Task Bytes_that_cannot_grow_have_no_upper_bound()
    {
        var statistics = await TextStatistics(null, Enumerable.Repeat((byte)0xFF, 70).ToArray(), [1]);
        statistics.MaxValue.ShouldBeNull();
        statistics.MinValue!.Value.ToArray().ShouldBe(new byte[] { 1 });
        var last = await TextStatistics(LogicalType.String, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\U0010FFFF", 20))), [65]);
        last.MaxValue.ShouldBeNull();
        var skip = await TextStatistics(LogicalType.String, Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\uD7FF", 30))), [65]);
        Encoding.UTF8.GetString(skip.MaxValue!.Value.Span).ShouldBe(string.Concat(Enumerable.Repeat("\uD7FF", 20)) + "\uE000");
    }

    [Fact]
    public async Task Bounds_enclose_all_values_in_random_tables_however_pages_and_groups_fall()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var table = TableCases.EveryType("random", 200, true, 100 + seed, batch: 37, options: new() { RowGroupRows = 60, PageBytes = 1024 });
            var (file, summary) = await table.WriteAsync();
            summary.RowGroups.Count.ShouldBeGreaterThan(2);
            for (var column = 0; column < table.Schema.Columns.Count; column++)
            {
                var values = table.Rows.Select(row => row[column]).ToList();
                summary.Columns[column].Statistics.NullCount.ShouldBe(values.Count(value => value is null));
                if (table.Schema.Columns[column] is not { PhysicalType: PhysicalType.Int64, LogicalType: null or { Kind: LogicalTypeKind.Decimal } }) continue;
                BitConverter.ToInt64(summary.Columns[column].Statistics.MinValue!.Value.Span).ShouldBe(values.OfType<long>().Min());
                BitConverter.ToInt64(summary.Columns[column].Statistics.MaxValue!.Value.Span).ShouldBe(values.OfType<long>().Max());
            }

            await using var reader = await Reading.ParquetFileReader.OpenAsync(new MemoryStream(file));
            var footer = reader.Metadata.RowGroups[0].Columns[1].Statistics!;
            var written = summary.RowGroups[0].Columns[1].Statistics!;
            footer.MinValue!.Value.ToArray().ShouldBe(written.MinValue!.Value.ToArray());
            (footer.NullCount, footer.IsMinExact, footer.IsMaxExact).ShouldBe((written.NullCount, written.IsMinExact, written.IsMaxExact));
        }
    }

    private static async Task<ColumnStatistics> TextStatistics(LogicalType? type, params byte[][] values)
    {
        var schema = new ParquetSchema([ParquetColumn.Of("text", PhysicalType.ByteArray, type)]);
        return (await new TestTable("text", schema, [.. values.Select(value => new object?[] { value })]).WriteAsync()).Summary.Columns[0].Statistics;
    }
}
