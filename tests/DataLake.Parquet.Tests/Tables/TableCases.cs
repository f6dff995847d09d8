using System.Text;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Parquet.Tests.Tables;

/// <summary>The tables that every reader must agree on.</summary>
internal static class TableCases
{
    private static readonly IReadOnlyDictionary<string, Func<TestTable>> Cases = new Dictionary<string, Func<TestTable>>
    {
        ["every type, some nulls"] = () => EveryType("every type, some nulls", 3_000, nullable: true, seed: 1),
        ["every type, no nulls in nullable columns"] = () => EveryType("no nulls", 700, nullable: true, seed: 2, nullShare: 0),
        ["every type, required"] = () => EveryType("required", 3_000, nullable: false, seed: 3),
        ["every type, all null"] = () => EveryType("all null", 500, nullable: true, seed: 4, nullShare: 1),
        ["every type, one row"] = () => EveryType("one row", 1, nullable: true, seed: 5),
        ["every type, not compressed"] = () => EveryType("none", 500, true, 6, options: new() { Compression = CompressionCodec.None }),
        ["every type, no dictionaries"] = () => EveryType("plain", 500, true, 7, options: new() { DictionaryLimitBytes = 0 }),
        ["no rows"] = () => EveryType("no rows", 0, nullable: true, seed: 8),
        ["many pages"] = () => EveryType("many pages", 6_000, true, 9, options: new() { PageBytes = 1024 }),
        ["many row groups"] = () => EveryType("many row groups", 4_000, true, 10, batch: 100, options: new() { RowGroupRows = 300, PageBytes = 2048 }),
        ["every type, LZ4"] = () => EveryType("lz4", 2_000, true, 13, options: new() { Compression = CompressionCodec.Lz4Raw, PageBytes = 8192 }),
        ["every type, gzip"] = () => EveryType("gzip", 2_000, true, 14, options: new() { Compression = CompressionCodec.Gzip, PageBytes = 8192 }),
        ["every type, Brotli"] = () => EveryType("brotli", 2_000, true, 15, options: new() { Compression = CompressionCodec.Brotli, PageBytes = 8192 }),
        ["lists of every type"] = () => Lists("lists", 1_500, nullable: true, elementNullable: true, seed: 16),
        ["lists of required elements"] = () => Lists("required elements", 400, nullable: true, elementNullable: false, seed: 17),
        ["required lists"] = () => Lists("required lists", 400, nullable: false, elementNullable: true, seed: 18),
        ["required lists of required elements"] = () => Lists("all required", 400, nullable: false, elementNullable: false, seed: 19),
        ["lists on many pages and row groups"] = () => Lists("pages", 1_500, true, true, 20, options: new() { PageBytes = 1024, RowGroupRows = 500, Compression = CompressionCodec.None }),
        ["lists, all null or empty"] = EmptyLists,
        ["dictionary overflows in mid-chunk"] = DictionaryOverflow,
        ["long strings"] = LongStrings,
        ["Unicode names"] = UnicodeNames,
        ["1,600 columns"] = ManyColumns,
        ["a large page"] = LargePage,
    };

    public static IEnumerable<string> Names => Cases.Keys;

    public static TestTable Get(string name) => Cases[name]();

    public static ParquetSchema EveryTypeSchema(bool nullable)
    {
        List<ParquetColumn> columns = [];
        Add("bool", PhysicalType.Boolean);
        Add("int32", PhysicalType.Int32);
        Add("int64", PhysicalType.Int64);
        Add("float", PhysicalType.Float);
        Add("double", PhysicalType.Double);
        Add("bytes", PhysicalType.ByteArray);
        columns.Add(ParquetColumn.Fixed("fixed 5", 5, null, nullable, 100));
        Add("text", PhysicalType.ByteArray, LogicalType.String);
        Add("json", PhysicalType.ByteArray, LogicalType.Json);
        Add("enum", PhysicalType.ByteArray, LogicalType.Enum);
        columns.Add(ParquetColumn.Fixed("uuid", 16, LogicalType.Uuid, nullable));
        Add("date", PhysicalType.Int32, LogicalType.Date);
        Add("time ms", PhysicalType.Int32, LogicalType.Time(TimeUnit.Milliseconds, false));
        Add("time us", PhysicalType.Int64, LogicalType.Time(TimeUnit.Microseconds, false));
        foreach (var unit in Enum.GetValues<TimeUnit>())
        {
            Add($"timestamp {unit}", PhysicalType.Int64, LogicalType.Timestamp(unit, false));
            Add($"instant {unit}", PhysicalType.Int64, LogicalType.Timestamp(unit, true));
        }

        foreach (var signed in (bool[])[true, false])
        {
            foreach (var bits in (int[])[8, 16, 32]) Add($"integer {bits} {signed}", PhysicalType.Int32, LogicalType.Integer(bits, signed));
            Add($"integer 64 {signed}", PhysicalType.Int64, LogicalType.Integer(64, signed));
        }

        Add("decimal 9", PhysicalType.Int32, LogicalType.Decimal(9, 2));
        Add("decimal 18", PhysicalType.Int64, LogicalType.Decimal(18, 6));
        columns.Add(ParquetColumn.Fixed("decimal 38", 16, LogicalType.Decimal(38, 10), nullable));
        columns.Add(ParquetColumn.Fixed("decimal 20", 9, LogicalType.Decimal(20, 0), nullable));
        return new ParquetSchema(columns);

        void Add(string name, PhysicalType physical, LogicalType? logical = null) => columns.Add(ParquetColumn.Of(name, physical, logical, nullable, columns.Count));
    }

    public static TestTable EveryType(
        string name, int rows, bool nullable, int seed, double nullShare = 0.2, int batch = 1024, ParquetWriterOptions? options = null)
    {
        var schema = EveryTypeSchema(nullable);
        var values = new RandomValues(seed);
        var table = Enumerable.Range(0, rows).Select(_ => schema.Columns.Select(column =>
            nullable && values.Chance(nullShare) ? null : values.Next(column)).ToArray()).ToList();
        return new TestTable(name, schema, table) { Options = options ?? new(), BatchRows = batch };
    }

    /// <summary>Lists of every type beside a plain column.</summary>
    public static TestTable Lists(string name, int rows, bool nullable, bool elementNullable, int seed, double nullShare = 0.2, ParquetWriterOptions? options = null)
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("id", PhysicalType.Int32, nullable: false, fieldId: 1),
            .. EveryTypeSchema(elementNullable).Columns.Select((element, i) => ParquetColumn.List(element.Name, element with { FieldId = 1000 + i }, nullable, 500 + i))]);
        var values = new RandomValues(seed);
        var table = Enumerable.Range(0, rows).Select(i => schema.Columns.Select(column =>
            column.Element is null ? i : column.Nullable && values.Chance(nullShare) ? null : values.Next(column)).ToArray()).ToList();
        return new TestTable(name, schema, table) { Options = options ?? new(), BatchRows = 100 };
    }

    private static TestTable EmptyLists()
    {
        var element = ParquetColumn.Of("element", PhysicalType.Int64);
        var schema = new ParquetSchema([
            ParquetColumn.List("null", element), ParquetColumn.List("empty", element, nullable: false), ParquetColumn.List("either", element), ParquetColumn.List("of nulls", element)]);
        return new TestTable("empty", schema, [.. Enumerable.Range(0, 50).Select(i => new object?[] { null, Array.Empty<object>(), i % 2 == 0 ? null : Array.Empty<object>(), new object?[2] })]);
    }

    private static TestTable DictionaryOverflow()
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("number", PhysicalType.Int64), ParquetColumn.Text("text"), ParquetColumn.Of("half", PhysicalType.Double), ParquetColumn.Fixed("fixed", 6)]);
        var rows = Enumerable.Range(0, 12_000).Select(i =>
        {
            // A few values at first, then only new ones.
            var n = i < 4_000 ? i % 7 : i;
            return new object?[] { i % 11 == 0 ? null : (long)n, Encoding.UTF8.GetBytes($"value {n}"), n / 2.0, Encoding.UTF8.GetBytes($"{n:d6}") };
        }).ToList();
        return new TestTable("dictionary", schema, rows) { Options = new() { PageBytes = 8 * 1024, DictionaryLimitBytes = 16 * 1024 } };
    }

    private static TestTable LongStrings()
    {
        var schema = new ParquetSchema([ParquetColumn.Text("text"), ParquetColumn.Of("id", PhysicalType.Int32, nullable: false)]);
        var random = new Random(7);
        var rows = Enumerable.Range(0, 12).Select(i => new object?[]
        {
            i % 5 == 1 ? [] : Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, i % 3 == 0 ? 100_000 : 10).Select(_ => $"Grüße {random.Next(1000)} "))), i,
        }).ToList();
        return new TestTable("long", schema, rows) { Options = new() { RowGroupBytes = 3 << 20 }, BatchRows = 2 };
    }

    private static TestTable UnicodeNames()
    {
        string[] names = ["größe", "名前", "🦆 emoji", "with \"quotes\" and 'others'", "a.b.c", " spaces ", "new\nline", "Ünïcödé/сол", "comma,semicolon;", "Å", "A\u030A"];
        var schema = new ParquetSchema([.. names.Select(name => ParquetColumn.Text(name))]);
        return new TestTable("names", schema, [[.. names.Select(name => (object?)Encoding.UTF8.GetBytes(name))], new object?[names.Length]]);
    }

    private static TestTable ManyColumns()
    {
        var schema = new ParquetSchema([.. Enumerable.Range(0, 1600).Select(i => (i % 4) switch
        {
            0 => ParquetColumn.Of($"c{i}", PhysicalType.Int32),
            1 => ParquetColumn.Text($"c{i}"),
            2 => ParquetColumn.Of($"c{i}", PhysicalType.Double, nullable: false),
            _ => ParquetColumn.Of($"c{i}", PhysicalType.Boolean),
        })]);
        var values = new RandomValues(11);
        var rows = Enumerable.Range(0, 60).Select(_ => schema.Columns.Select(c => c.Nullable && values.Chance(0.3) ? null : values.Next(c)).ToArray()).ToList();
        return new TestTable("wide", schema, rows) { BatchRows = 10, Options = new() { RowGroupRows = 40 } };
    }

    private static TestTable LargePage()
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("sequence", PhysicalType.Int32, nullable: false), ParquetColumn.Of("few", PhysicalType.Int32), ParquetColumn.Of("flag", PhysicalType.Boolean)]);
        var random = new Random(12);
        var rows = Enumerable.Range(0, 80_000).Select(i => new object?[] { i, i < 50_000 ? null : random.Next(300), i / 1000 % 2 == 0 }).ToList();
        return new TestTable("large", schema, rows);
    }
}
