using System.Globalization;
using System.Text;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

public sealed class BloomFilterTests
{
    private static readonly ParquetSchema Schema = new([
        ParquetColumn.Of("unique", PhysicalType.Int64), ParquetColumn.Text("few"), ParquetColumn.Of("number", PhysicalType.Double, nullable: false),
        ParquetColumn.Fixed("fixed", 6), ParquetColumn.List("list", ParquetColumn.Of("element", PhysicalType.Int32)), ParquetColumn.Text("none")]);

    // From the tests of xxHash and its bindings (seed 0).
    [Theory]
    [InlineData("", 0xEF46DB3751D8E999UL)]
    [InlineData("a", 0xD24EC4F1A98C6E5BUL)]
    [InlineData("as", 0x1C330FB2D66BE179UL)]
    [InlineData("asd", 0x631C37CE72A97393UL)]
    [InlineData("asdf", 0x415872F599CEA71EUL)]
    [InlineData("abc", 0x44BC2CF5AD770999UL)]
    [InlineData("Nobody inspects the spammish repetition", 0xFBCEA83C8A378BF1UL)]
    [InlineData("The quick brown fox jumps over the lazy dog", 0x0B242D361FDA71BCUL)]
    [InlineData("Call me Ishmael. Some years ago--never mind how long precisely-", 0x02A2E85470D6FD96UL)]
    public void XxHash64_gives_the_published_values(string text, ulong expected) => XxHash64.Hash(Encoding.ASCII.GetBytes(text)).ShouldBe(expected);

    [Fact]
    public void Numbers_hash_as_their_bytes_do()
    {
        var random = new Random(1);
        for (var i = 0; i < 1000; i++)
        {
            var number = random.NextInt64();
            XxHash64.Hash((ulong)number).ShouldBe(XxHash64.Hash(BitConverter.GetBytes(number)));
            XxHash64.Hash((uint)number).ShouldBe(XxHash64.Hash(BitConverter.GetBytes((uint)number)));
        }
    }

    [Theory]
    [InlineData(100, 0.01)]
    [InlineData(20_000, 0.01)]
    [InlineData(20_000, 0.1)]
    public void A_filter_is_as_small_as_its_rate_allows_and_forgets_nothing(int values, double rate)
    {
        var filter = new SplitBlockBloomFilter(ParquetColumn.Of("x", PhysicalType.Int64), 1 << 20);
        for (var i = 0L; i < values; i++) filter.Insert(BitConverter.GetBytes(i), 1);
        filter.Fold(rate);
        for (var i = 0L; i < values; i++) filter.MightContain(i).ShouldBeTrue();
        var wrong = Enumerable.Range(0, 100_000).Count(i => filter.MightContain(-1L - i)) / 100_000.0;
        wrong.ShouldBeLessThan(rate * 1.2);

        // Below a quarter of the rate another fold would have been possible.
        wrong.ShouldBeGreaterThan(rate / 50);
        filter.ByteLength.ShouldBeLessThan(values * 3);
    }

    [Fact]
    public async Task DuckDB_and_our_reader_find_every_value_and_miss_absent_ones()
    {
        using var folder = new TemporaryFolder();
        var path = folder.In("bloom.parquet");
        var table = Table();
        await using (var file = File.Create(path)) await table.WriteAsync(file);
        await using var reader = await ParquetFileReader.OpenAsync(path);
        (await reader.ReadBloomFilterAsync(0, 5)).ShouldBeNull();
        for (var group = 0; group < reader.Metadata.RowGroups.Count; group++)
        {
            var unique = (await reader.ReadBloomFilterAsync(group, 0))!;
            var list = (await reader.ReadBloomFilterAsync(group, 4))!;
            var few = (await reader.ReadBloomFilterAsync(group, 1))!;
            for (var i = group * 2000; i < (group + 1) * 2000; i++)
            {
                if (i % 7 != 0) unique.MightContain(i * 1_000_003L).ShouldBeTrue();
                list.MightContain(i).ShouldBeTrue();
            }

            few.MightContain("city 3"u8).ShouldBeTrue();
            few.MightContain("village"u8).ShouldBeFalse();
            few.ByteLength.ShouldBe(32);
        }

        // DuckDB: excluded or not, in each of the three row groups.
        string[] probes =
        [
            Probe("unique", "1000003::BIGINT"), Probe("unique", "5001::BIGINT * 1000003"), Probe("unique", "17::BIGINT"), Probe("few", "'city 3'"), Probe("few", "'village'"),
            Probe("number", "2500.5::DOUBLE"), Probe("number", "0.25::DOUBLE"), Probe("fixed", "'000017'::BLOB"), Probe("fixed", "'nobody'::BLOB"),
        ];
        string[] expected = ["false,true,true", "true,true,false", "true,true,true", "false,false,false", "true,true,true", "true,false,true", "true,true,true", "false,true,true", "true,true,true"];
        var found = await LakeReaders.SqlAsync(string.Join(" UNION ALL ", probes.Select((probe, i) => $"SELECT {i} AS n, string_agg(bloom_filter_excludes::VARCHAR, ',' ORDER BY row_group_id) FROM {probe}")) + " ORDER BY n");
        found.ShouldBe(expected.Select((line, i) => $"[{i},\"{line}\"]"));

        // And it reads rows through the filter.
        (await LakeReaders.SqlAsync($"SELECT \"few\" FROM '{path}' WHERE \"unique\" = 2500::BIGINT * 1000003 OR \"unique\" = 42")).ShouldBe(["[\"city 0\"]"]);

        string Probe(string column, string value) => $"parquet_bloom_probe('{path}', '{column}', {value})";
    }

    [Fact]
    public async Task Our_reader_reads_the_filters_that_DuckDB_writes()
    {
        using var folder = new TemporaryFolder();
        var path = folder.In("duck.parquet");
        await LakeReaders.SqlAsync($"COPY (SELECT (i % 500)::BIGINT AS i, 'name ' || (i % 300) AS s FROM range(20000) r(i)) TO '{path}' (FORMAT parquet); SELECT 1");
        await using var reader = await ParquetFileReader.OpenAsync(path);
        var (numbers, names) = ((await reader.ReadBloomFilterAsync(0, 0))!, (await reader.ReadBloomFilterAsync(0, 1))!);
        for (var i = 0; i < 500; i++) numbers.MightContain((long)i).ShouldBeTrue();
        for (var i = 0; i < 300; i++) names.MightContain(Encoding.UTF8.GetBytes($"name {i}")).ShouldBeTrue();
        Enumerable.Range(1000, 1000).Count(i => numbers.MightContain((long)i)).ShouldBeLessThan(100);
    }

    [Fact]
    public void Filters_for_columns_that_cannot_have_one_are_refused()
    {
        var schema = new ParquetSchema([ParquetColumn.Of("flag", PhysicalType.Boolean), ParquetColumn.Of("n", PhysicalType.Int32)]);
        foreach (var (name, options) in new[] { ("flag", new BloomFilterOptions()), ("absent", new()), ("n", new() { MaxBytes = 31 }), ("n", new() { FalsePositiveRate = 1 }) })
        {
            Should.Throw<ParquetException>(() => new Writing.ParquetFileWriter(Stream.Null, schema, new() { BloomFilters = new Dictionary<string, BloomFilterOptions> { [name] = options } }))
                .Message.ShouldContain($"'{name}'");
        }
    }

    internal static TestTable Table()
    {
        var rows = Enumerable.Range(0, 6_000).Select(i => new object?[]
        {
            i % 7 == 0 ? null : i * 1_000_003L, Encoding.UTF8.GetBytes($"city {i % 5}"), i + 0.5, Encoding.UTF8.GetBytes(i.ToString("d6", CultureInfo.InvariantCulture)),
            new object?[] { i, null, -1 }, Encoding.UTF8.GetBytes("x"),
        }).ToList();
        var options = new BloomFilterOptions { MaxBytes = 1 << 16, FalsePositiveRate = 0.001 };
        return new TestTable("bloom", Schema, rows)
        {
            BatchRows = 1000,
            Options = new() { RowGroupRows = 2000, PageBytes = 4096, DictionaryLimitBytes = 8192, BloomFilters = Schema.Columns.Take(5).ToDictionary(column => column.Name, _ => options) },
        };
    }
}
