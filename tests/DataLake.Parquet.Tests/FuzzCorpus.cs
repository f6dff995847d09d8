using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;

namespace DataLake.Parquet.Tests;

/// <summary>Small files that together hold every feature the reader knows: all types, lists, codecs, dictionaries, several pages and row groups, page
/// indexes, Bloom filters, notes.</summary>
internal static class FuzzCorpus
{
    private static readonly CompressionCodec[] Codecs = [CompressionCodec.None, CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Brotli];

    public static async Task<List<(string Name, byte[] File)>> CreateAsync()
    {
        List<TestTable> tables = [EveryType(), Dictionaries(), Pages(), Bloom(), Empty()];
        foreach (var codec in Codecs)
        {
            tables.Add(Flat(codec));
            tables.Add(Lists(codec));
        }

        List<(string, byte[])> files = [];
        foreach (var table in tables) files.Add((table.Name, (await table.WriteAsync()).File));
        return files;
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

    private static TestTable Random(string name, ParquetSchema schema, int rows, int seed, Writing.ParquetWriterOptions options)
    {
        var values = new RandomValues(seed);
        var table = Enumerable.Range(0, rows).Select(_ => schema.Columns.Select(column => column.Nullable && values.Chance(0.2) ? null : values.Next(column)).ToArray()).ToList();
        return new TestTable(name, schema, table) { Options = options, BatchRows = 30 };
    }
}
