using DataLake.Benchmarks.Datasets;

namespace DataLake.Benchmarks.Memory;

/// <summary>Tables that make memory hard to keep.</summary>
/// <param name="Name">The case.</param>
/// <param name="Tables">Its tables; one process reads them all.</param>
/// <param name="Rows">The rows of each, times its share.</param>
/// <param name="IsRefused">Whether it is larger than what is kept in memory, so that it must be refused.</param>
/// <param name="AtOnce">Whether the tables are read at once, as runs of many sources are, instead of one after the other.</param>
internal sealed record MemoryCase(string Name, IReadOnlyList<Dataset> Tables, long Rows, bool IsRefused = false, bool AtOnce = false)
{
    private const int ManyColumns = 1_600;
    private const int ManyTables = 200;

    /// <summary>The names of all cases.</summary>
    public static IReadOnlyList<string> Names { get; } = ["taxi", "columns_1600", "values_5_to_30_mb", "value_100_mb", "tables_200", "tables_8_at_once"];

    /// <summary>The rows of all tables together.</summary>
    public long AllRows => Tables.Sum(RowsOf);

    /// <summary>All cases; the taxi table once for each number of rows.</summary>
    public static IEnumerable<MemoryCase> All(IEnumerable<long> taxiRows) =>
    [
        .. taxiRows.Select(rows => new MemoryCase(Names[0], [Dataset.Taxi()], rows)),
        new(Names[1], [Columns1600("columns_1600")], 20_000),
        // What is kept of each row group until its file ends grows with the rows.
        new(Names[1], [Columns1600("columns_1600_long")], 80_000),
        new(Names[2], [LargeValues()], 6_000),
        new(Names[3], [OneValueTooLarge()], 3, IsRefused: true),
        new(Names[4], [.. Enumerable.Range(1, ManyTables).Select(i => Dataset.Taxi() with { Name = $"small_{i}" })], 1_000),
        // As many as an extractor reads at once; one of them has large rows.
        new(Names[5], [.. Enumerable.Range(1, 7).Select(i => Dataset.Taxi() with { Name = $"taxi_{i}" }), LargeValues() with { Share = 0.006 }], 1_000_000, AtOnce: true),
    ];

    /// <summary>The rows of one of its tables.</summary>
    public long RowsOf(Dataset table) => (long)(Rows * table.Share);

    /// <summary>As many columns as PostgreSQL allows, of ten types; a third of the values is NULL, so that a row fits its page.</summary>
    private static Dataset Columns1600(string name) => new(name,
    [
        .. Enumerable.Range(1, ManyColumns).Select(i =>
        {
            var (type, expression) = (i % 10) switch
            {
                0 => ("bigint", "random() * 1e12"),
                1 => ("integer", "random() * 100000"),
                2 => ("smallint", "random() * 100"),
                3 => ("text", "'v' || floor(random() * 10000)"),
                4 => ("boolean", "random() < 0.5"),
                5 => ("real", "random()"),
                6 => ("date", "date '2024-01-01' + (random() * 1000)::int"),
                7 => ("numeric(7,2)", "random() * 10000"),
                8 => ("timestamptz", "timestamptz '2024-01-01 00:00Z' + random() * interval '300 days'"),
                _ => ("double precision", "random()"),
            };
            return ($"c{i}", type, $"CASE WHEN random() >= 0.35 THEN {expression} END", "");
        }),
    ], 1, Batch: 2_000);

    /// <summary>Every 500th row has a value of 5 to 30 MB, so that each of several connections meets some.</summary>
    private static Dataset LargeValues() => new("large_values",
    [
        ("id", "bigint", "g", ""),
        ("body", "text", $"CASE WHEN g % 1000 = 0 THEN {Megabytes("5 + 5 * (g / 500 % 6)")} ELSE 'a short text ' || g END", ""),
        ("scan", "bytea", $"CASE WHEN g % 1000 = 500 THEN convert_to({Megabytes("5 + 5 * (g / 500 % 6)")}, 'UTF8') END", ""),
    ], 1, Batch: 500);

    private static Dataset OneValueTooLarge() => new("one_value_too_large",
    [
        ("id", "bigint", "g", ""),
        ("attachment", "bytea", $"convert_to({Megabytes("CASE WHEN g = 2 THEN 100 ELSE 1 END")}, 'UTF8')", ""),
    ], 1, Batch: 1);

    /// <summary>Text that does not shrink, of so many million bytes.</summary>
    private static string Megabytes(string number) => $"(SELECT string_agg(md5(random()::text || i), '') FROM generate_series(1, ({number}) * 31250) i)";
}
