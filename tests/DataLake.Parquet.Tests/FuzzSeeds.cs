using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

/// <summary>Small files that together hold every feature the reader knows: all types, lists, codecs, dictionaries, several pages and row groups, page
/// indexes, Bloom filters, notes.</summary>
internal static class FuzzSeeds
{
    private static readonly CompressionCodec[] Codecs = [CompressionCodec.None, CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Brotli];

    private static readonly (string Name, Func<string, bool, ParquetColumn> Column)[] Types =
    [
        ("boolean", (name, nullable) => ParquetColumn.Of(name, PhysicalType.Boolean, null, nullable)),
        ("int32", (name, nullable) => ParquetColumn.Of(name, PhysicalType.Int32, null, nullable)),
        ("int64", (name, nullable) => ParquetColumn.Of(name, PhysicalType.Int64, null, nullable)),
        ("float", (name, nullable) => ParquetColumn.Of(name, PhysicalType.Float, null, nullable)),
        ("double", (name, nullable) => ParquetColumn.Of(name, PhysicalType.Double, null, nullable)),
        ("text", (name, nullable) => ParquetColumn.Text(name, nullable)),
        ("fixed", (name, nullable) => ParquetColumn.Fixed(name, 3, null, nullable)),
    ];

    /// <summary>Files of a few rows, at little cost a case: every type, as values, dictionary and list, under every codec, mostly the cheap ones; some with two columns and two row groups.</summary>
    public static async Task<FuzzSeed[]> SmallAsync()
    {
        var seeds = new List<FuzzSeed>();
        foreach (var (name, column) in Types)
        {
            for (var form = 0; form < 6; form++)
            {
                var number = seeds.Count;
                var isSingle = number % 3 != 0;
                var first = form < 2 ? column("a", form == 0) : form < 4 ? column("a", true) : ParquetColumn.List("a", column("e", form == 4), form == 5);
                var schema = new ParquetSchema(isSingle ? [first] : [first, ParquetColumn.Of("b", PhysicalType.Int32)]);
                seeds.Add(await FuzzSeed.OfAsync(Random($"{name} {form}", schema, 6, number, new()
                {
                    Compression = number % 4 == 0 ? Codecs[number / 4 % Codecs.Length] : Codecs[number % 3], DictionaryLimitBytes = form is 2 or 3 ? 1 << 20 : 0, RowGroupRows = isSingle ? 6 : 3, CreatedBy = "f",
                }, batchRows: 3)));
            }
        }

        return [.. seeds];
    }

    /// <summary>Files with all the rest: many types at once, several pages, Bloom filters, notes, data pages of version 2.</summary>
    public static async Task<FuzzSeed[]> LargeAsync()
    {
        List<TestTable> tables = [EveryType(), Dictionaries(), Pages(), Bloom(), Empty()];
        foreach (var codec in Codecs)
        {
            tables.Add(Flat(codec));
            tables.Add(Lists(codec));
        }

        List<FuzzSeed> seeds = [await FuzzSeed.OfAsync("data pages v2", await VersionTwoAsync())];
        foreach (var table in tables) seeds.Add(await FuzzSeed.OfAsync(table));
        return [.. seeds];
    }

    private static async Task<byte[]> VersionTwoAsync()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllBytesAsync(folder.In("1.parquet"), (await Dictionaries().WriteAsync()).File);
        await LakeReaders.RewriteV2Async(folder.In("1.parquet"), folder.In("2.parquet"));
        return await File.ReadAllBytesAsync(folder.In("2.parquet"));
    }

    private static TestTable EveryType() => TableCases.EveryType("every type", 12, true, 41);

    private static TestTable Empty() => TableCases.EveryType("no rows", 0, true, 42);

    private static TestTable Flat(CompressionCodec codec)
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("id", PhysicalType.Int64, nullable: false), ParquetColumn.Text("text"), ParquetColumn.Of("flag", PhysicalType.Boolean),
            ParquetColumn.Fixed("uuid", 16, LogicalType.Uuid)]);
        return Random($"flat {codec}", schema, 30, 43, new() { Compression = codec, DictionaryLimitBytes = 0 });
    }

    private static TestTable Lists(CompressionCodec codec)
    {
        var schema = new ParquetSchema([
            ParquetColumn.List("numbers", ParquetColumn.Of("e", PhysicalType.Int32)), ParquetColumn.List("texts", ParquetColumn.Text("e", nullable: false), nullable: false)]);
        return Random($"lists {codec}", schema, 20, 44, new() { Compression = codec });
    }

    private static TestTable Dictionaries()
    {
        var schema = new ParquetSchema([ParquetColumn.Text("text"), ParquetColumn.Of("double", PhysicalType.Double), ParquetColumn.Of("int", PhysicalType.Int32)]);
        var rows = Enumerable.Range(0, 60).Select(i => new object?[] { i % 9 == 0 ? null : System.Text.Encoding.UTF8.GetBytes($"some text {i % 4}"), i % 3 * 1.5, i / 20 }).ToList();
        return new TestTable("dictionaries", schema, rows);
    }

    private static TestTable Pages()
    {
        var schema = new ParquetSchema([ParquetColumn.Text("text"), ParquetColumn.List("list", ParquetColumn.Of("e", PhysicalType.Int64))]);
        return Random("pages and row groups", schema, 120, 45, new() { PageBytes = 1024, RowGroupRows = 60, Compression = CompressionCodec.Snappy });
    }

    private static TestTable Bloom()
    {
        var schema = new ParquetSchema([ParquetColumn.Of("id", PhysicalType.Int32), ParquetColumn.Text("text")]);
        var options = new BloomFilterOptions { MaxBytes = 64 };
        return Random("Bloom filters", schema, 20, 46, new()
        {
            BloomFilters = new Dictionary<string, BloomFilterOptions> { ["id"] = options, ["text"] = options },
            KeyValueMetadata = new Dictionary<string, string> { ["note"] = "value" },
        });
    }

    private static TestTable Random(string name, ParquetSchema schema, int rows, int seed, Writing.ParquetWriterOptions options, int batchRows = 30)
    {
        var values = new RandomValues(seed);
        var table = Enumerable.Range(0, rows).Select(_ => schema.Columns.Select(column => column.Nullable && values.Chance(0.2) ? null : values.Next(column)).ToArray()).ToList();
        return new TestTable(name, schema, table) { Options = options, BatchRows = batchRows };
    }
}
