namespace DataLake.Benchmarks.Datasets;

/// <summary>A table to extract: how it is made, from a seeded generator in the server, and the types by which DuckDB reads its CSV.</summary>
/// <param name="Name">The table's name.</param>
/// <param name="Columns">Column, PostgreSQL type, expression over the row number <c>g</c>, DuckDB type.</param>
/// <param name="Share">Rows, as a share of what the command line asks for.</param>
/// <param name="Batch">Rows that are made at a time.</param>
internal sealed record Dataset(string Name, IReadOnlyList<(string Name, string Type, string Expression, string DuckType)> Columns, double Share, long Batch = 500_000)
{
    /// <summary>The tables of the extraction benchmark.</summary>
    public static IReadOnlyList<Dataset> All { get; } = [Taxi(), Wide(), Narrow(), TextHeavy(), NullHeavy()];

    public string CreateSql => $"CREATE UNLOGGED TABLE {Name} ({string.Join(", ", Columns.Select(column => $"{column.Name} {column.Type}"))})";

    /// <summary>Makes the rows from <paramref name="first"/> to <paramref name="last"/>. Numbers that are drawn go on where the session's last ones stopped.</summary>
    public string FillSql(long first, long last) =>
        $"INSERT INTO {Name} SELECT {string.Join(", ", Columns.Select(column => $"({column.Expression})::{column.Type}"))} FROM generate_series({first}, {last}) g";

    public string DuckColumns => "{" + string.Join(", ", Columns.Select(column => $"'{column.Name}': '{column.DuckType}'")) + "}";

    /// <summary>Like a month of taxi trips: 16 columns of every common type.</summary>
    public static Dataset Taxi() => new("taxi",
    [
        ("trip_id", "bigint", "g", "BIGINT"),
        ("vendor_id", "smallint", "1 + g % 2", "INTEGER"),
        ("pickup_at", "timestamptz", "timestamptz '2024-01-01 00:00Z' + g * interval '0.53 s'", "TIMESTAMPTZ"),
        ("dropoff_at", "timestamptz", "timestamptz '2024-01-01 00:00Z' + g * interval '0.53 s' + random() * interval '40 min'", "TIMESTAMPTZ"),
        ("passenger_count", "integer", "1 + floor(random() * 6)", "INTEGER"),
        ("trip_distance", "double precision", "round((random() * 3000)::numeric) / 100", "DOUBLE"),
        ("rate_code", "integer", "CASE WHEN random() < 0.95 THEN 1 ELSE 2 + floor(random() * 5) END", "INTEGER"),
        ("store_and_forward", "boolean", "random() < 0.01", "BOOLEAN"),
        ("pickup_zone", "integer", "1 + floor(random() * 265)", "INTEGER"),
        ("dropoff_zone", "integer", "1 + floor(random() * 265)", "INTEGER"),
        ("payment_type", "text", "(ARRAY['cash', 'credit card', 'no charge', 'dispute'])[1 + floor(random() * 4)::int]", "VARCHAR"),
        ("fare_amount", "numeric(10,2)", "3 + random() * 80", "DECIMAL(10,2)"),
        ("tip_amount", "numeric(10,2)", "random() * 15", "DECIMAL(10,2)"),
        ("tolls_amount", "numeric(10,2)", "CASE WHEN random() < 0.05 THEN 6.55 ELSE 0 END", "DECIMAL(10,2)"),
        ("total_amount", "numeric(10,2)", "3 + random() * 95", "DECIMAL(10,2)"),
        ("surcharge", "numeric(10,2)", "2.5", "DECIMAL(10,2)"),
    ], 1);

    private static Dataset Wide() => new("wide",
    [
        ("id", "bigint", "g", "BIGINT"),
        .. Enumerable.Range(1, 49).Select(i => (i % 5) switch
        {
            0 => ($"c{i}", "integer", "floor(random() * 100000)", "INTEGER"),
            1 => ($"c{i}", "double precision", "random()", "DOUBLE"),
            2 => ($"c{i}", "text", "'value ' || floor(random() * 1000)", "VARCHAR"),
            3 => ($"c{i}", "timestamptz", "timestamptz '2024-01-01 00:00Z' + floor(random() * 1e6) * interval '1 s'", "TIMESTAMPTZ"),
            _ => ($"c{i}", "numeric(12,3)", "random() * 1000000", "DECIMAL(12,3)"),
        }),
    ], 0.2);

    private static Dataset Narrow() => new("narrow", [("id", "bigint", "g", "BIGINT"), ("value", "integer", "floor(random() * 1000000)", "INTEGER")], 2);

    private static Dataset TextHeavy() => new("text_heavy",
    [
        ("id", "bigint", "g", "BIGINT"),
        ("url", "text", "'https://example.com/' || md5(g::text) || '/page?session=' || g", "VARCHAR"),
        ("title", "text", "repeat(md5((g % 5000)::text) || ' ', 4)", "VARCHAR"),
        ("agent", "text", "'Mozilla/5.0 (X11; Linux x86_64) rv:' || (g % 40)", "VARCHAR"),
    ], 0.4);

    private static Dataset NullHeavy() => new("null_heavy",
    [
        ("id", "bigint", "g", "BIGINT"),
        .. Enumerable.Range(1, 19).Select(i => (i % 3) switch
        {
            0 => ($"c{i}", "integer", "CASE WHEN random() < 0.1 THEN floor(random() * 1000) END", "INTEGER"),
            1 => ($"c{i}", "text", "CASE WHEN random() < 0.1 THEN 'some text ' || g END", "VARCHAR"),
            _ => ($"c{i}", "double precision", "CASE WHEN random() < 0.1 THEN random() END", "DOUBLE"),
        }),
    ], 0.6);
}
