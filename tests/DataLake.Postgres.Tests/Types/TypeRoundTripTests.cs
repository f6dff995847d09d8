using System.Globalization;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

/// <summary>Every mapped type, from PostgreSQL's tables to what readers of the lake see, held against PostgreSQL's own text of the same values.</summary>
public sealed class TypeRoundTripTests(TestPostgres postgres)
{
    private const int Rows = 120;
    private const string Number = "{0}::text";
    private const string Double = "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE 'd:' || encode(float8send({0}), 'hex') END";
    private const string Float = "CASE WHEN {0} = 'NaN' THEN 'NaN' ELSE 'f:' || encode(float4send({0}), 'hex') END";
    private const string Decimal = "'n:' || {0}::text";
    private const string Day = "({0} - date '1970-01-01')::text";
    private const string Instant = "trim_scale(extract(epoch from {0}) * 1000000000)::text";
    private const string Output = "CASE WHEN {0} IS DISTINCT FROM NULL THEN format('%s', {0}) END"; // format() uses the type's own output

    private static readonly Kind[] Kinds =
    [
        new("boolean", Number, "random() < 0.5", "true", "false"),
        new("smallint", Number, "(random() * 60000 - 30000)::smallint", "-32768", "32767", "0"),
        new("integer", Number, "(random() * 4e9 - 2e9)::integer", "-2147483648", "2147483647", "0"),
        new("bigint", Number, "(random() * 1.8e19 - 9e18)::bigint", "-9223372036854775808", "9223372036854775807", "9007199254740993", "0"),
        new("oid", Number, "(random() * 4e9)::bigint::oid", "0", "4294967295"),
        new("real", Float, "(random() * 2e10 - 1e10)::real", "NaN", "Infinity", "-Infinity", "-0", "0", "1e-45", "-1.1754942e-38", "3.4028235e38", "-3.4028235e38", "0.1"),
        new("double precision", Double, "random() * 2e100 - 1e100", "NaN", "Infinity", "-Infinity", "-0", "0", "5e-324", "-2.2250738585072009e-308", "1.7976931348623157e308", "0.1"),
        new("numeric(9,2)", Decimal, "(random() * 1e7 - 5e6)::numeric(9,2)", "9999999.99", "-9999999.99", "0.00", "0.01", "-0.01", "10000", "1000000"),
        new("numeric(18,8)", Decimal, "(random() * 1e10 - 5e9)::numeric(18,8)", "9999999999.99999999", "-9999999999.99999999", "0.00000001", "1000000000", "100000000.00000001", "0.0001"),
        new("numeric(38,8)", Decimal, "(random() * 1e30 - 5e29)::numeric(38,8)", "999999999999999999999999999999.99999999", "-999999999999999999999999999999.99999999", "100000000.00000001", "100000000000000000000000000000", "0.00000001"),
        new("numeric", Output, "random()::numeric * (10::numeric ^ (random() * 60 - 30)::int)", "NaN", "Infinity", "-Infinity", "0", "1e100", "-1e-100", "1.500"),
        new("numeric(50,3)", Output, "(random() * 1e40)::numeric(50,3)", "99999999999999999999999999999999999999999999999.999", "NaN"),
        new("numeric(5,-3)", Output, "(random() * 9e7)::numeric(5,-3)", "99999000", "-99999000"),
        new("numeric(2,5)", Output, "(random() / 2000)::numeric(2,5)", "0.00099", "-0.00099"),
        new("text", Output, "md5(random()::text)", "", "größer 漢字 😀", "line\nbreak \"quoted\" \\", "e\u0301"),
        new("varchar(8)", Output, "left(md5(random()::text), 8)", "", "12345678", "漢字漢字漢字漢字"),
        new("char(5)", Output, "left(md5(random()::text), 3)", "", "ab", "abcde", "é"),
        new("\"char\"", Output, "chr(65 + (random() * 20)::int)::\"char\"", "a"),
        new("name", Output, "md5(random()::text)::name", "pg_class"),
        new("bytea", "'0x' || encode({0}, 'hex')", "decode(md5(random()::text), 'hex')", "", "\\x00", "\\xff00ff"),
        new("date", Day, "date '1900-01-01' + (random() * 70000)::int", "4713-01-01 BC", "0001-12-31 BC", "0001-01-01", "1969-12-31", "1970-01-01", "5874897-12-31"),
        new("time", Instant, "time '00:00' + random() * interval '24 hours'", "00:00:00", "23:59:59.999999", "00:00:00.000001"),
        new("timestamp", Instant, "timestamp '1900-01-01' + random() * interval '200 years'", "4713-01-01 00:00:00 BC", "1969-12-31 23:59:59.999999", "1970-01-01", "2000-01-01 00:00:00.000001", "294247-01-10 04:00:54.775806"),
        new("timestamptz", Instant, "timestamptz '1900-01-01' + random() * interval '200 years'", "4713-01-01 00:00:00+00 BC", "0001-01-01 00:00:00+00 BC", "1999-12-31 23:59:59.999999+14", "2024-03-31 02:30:00+02", "294247-01-10 04:00:54.775806+00"),
        new("timetz", Output, "timetz '10:00+02' + random() * interval '5 hours'", "00:00:00+15:59", "24:00:00-15:59"),
        new("interval", Output, "random() * interval '1000 days'", "1 year 2 mons -3 days +04:05:06.789", "-178000000 years", "0"),
        new("uuid", "'0x' || replace({0}::text, '-', '')", "gen_random_uuid()", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
        new("json", Output, "json_build_object('r', random())", "{\"b\": 1,  \"a\":[null]}", "null", "\"text\""),
        new("jsonb", Output, "jsonb_build_object('r', random())", "{\"b\": 1,  \"a\":[null]}", "null", "[]"),
        new("xml", Output, "xmlelement(name r, random())", "<a b=\"1\">x</a>"),
        new("inet", Output, "inet '10.0.0.0' + (random() * 1e6)::int", "192.168.1.1", "10.0.0.0/8", "::1", "fe80::/10"),
        new("cidr", Output, "'10.0.0.0/8'::cidr", "192.168.1.1", "::/0"),
        new("macaddr", Output, "'08:00:2b:01:02:03'::macaddr", "ff:ff:ff:ff:ff:ff"),
        new("bit varying(12)", Output, "(random() * 4000)::int::bit(12)::varbit(12)", "", "101"),
        new("mood", Output, "(ARRAY['sad', 'ok', 'very happy'])[1 + floor(random() * 3)::int]::mood", "sad", "very happy"),
        new("price", Decimal, "(random() * 1e5)::numeric(14,2)", "0.00", "999999999999.99"),
        new("nested_price", Decimal, "(random() * 1e5)::numeric(14,2)", "0.01"),
        new("short_text", Output, "left(md5(random()::text), 4)", "", "abcd"),
        new("integer[]", Output, "ARRAY[(random() * 100)::int, NULL]", "{}", "{1,NULL,3}", "{{1,2},{3,4}}", "[5:6]={1,2}"),
        new("text[]", Output, "ARRAY[md5(random()::text)]", "{\"a,b\",\"\",NULL,\"NULL\"}"),
        new("numeric(10,2)[]", Output, "ARRAY[(random() * 100)::numeric(10,2)]", "{1.50,NaN}"),
        new("int4range", Output, "int4range(1, 2 + (random() * 10)::int)", "empty", "[1,10)", "(,)"),
        new("tstzrange", Output, "tstzrange('2020-01-01', timestamptz '2020-01-01' + random() * interval '9 days')", "[2020-01-01 00:00+00,infinity)"),
        new("int4multirange", Output, "'{[1,3),[7,9)}'::int4multirange", "{}"),
        new("place", Output, "ROW('x', (random() * 9)::int)::place", "(a,1)", "(,)", "(\"a,b\",)"),
        new("point", Output, "point(random(), random())", "(1,2)"),
        new("tsvector", Output, "to_tsvector('simple', md5(random()::text))", "'a':1 'b':2"),
        new("money", Output, "(random() * 100)::numeric::money", "1234.56"),
    ];

    [Fact]
    public async Task Every_type_arrives_as_PostgreSQL_has_it()
    {
        await using var database = await CreateAsync(Kinds);
        using var folder = new TemporaryFolder();
        var file = folder.In("everything.parquet");
        await Extraction.ToFileAsync(database, "everything", file, "ORDER BY id");
        var expected = await ExpectedAsync(database, Kinds);
        Compare("our own reader", await Extraction.ReadOurselvesAsync(file), expected, Kinds);
        foreach (var reader in LakeReaders.Names)
        {
            Compare(reader, await Extraction.ReadAsync(reader, file), expected, Kinds);
        }
    }

    [Fact]
    public async Task Every_precision_of_numeric_arrives_with_all_its_digits()
    {
        var kinds = Enumerable.Range(1, 38).SelectMany(precision => new[] { 0, 1, precision / 2, precision - 1, precision }.Distinct(), KindOf).ToArray();
        kinds.Length.ShouldBeGreaterThan(170);
        await using var database = await CreateAsync(kinds);
        using var folder = new TemporaryFolder();
        var file = folder.In("everything.parquet");
        await Extraction.ToFileAsync(database, "everything", file, "ORDER BY id");
        var expected = await ExpectedAsync(database, kinds);
        Compare("our own reader", await Extraction.ReadOurselvesAsync(file), expected, kinds);
        foreach (var reader in LakeReaders.Names)
        {
            Compare(reader, await Extraction.ReadAsync(reader, file), expected, kinds);
        }

        static Kind KindOf(int precision, int scale)
        {
            var whole = new string('9', precision - scale);
            var largest = (whole.Length > 0 ? whole : "0") + (scale > 0 ? "." + new string('9', scale) : "");
            var smallest = scale > 0 ? "0." + new string('0', scale - 1) + "1" : "1";
            var round = precision > scale ? "1" + new string('0', precision - scale - 1) : "0";
            var both = precision > scale && scale > 0 ? round + smallest[1..] : smallest;
            var digits = $"lpad((random() * 1e15)::bigint::text, 15, '0') || lpad((random() * 1e15)::bigint::text, 15, '0') || lpad((random() * 1e8)::bigint::text, 8, '0')";
            return new($"numeric({precision},{scale})", Decimal, $"(left({digits}, {precision})::numeric * (10::numeric ^ -{scale}))::numeric({precision},{scale}) * sign(random() - 0.5)::int",
                largest, "-" + largest, smallest, "-" + smallest, round, both, "0");
        }
    }

    private async Task<TestDatabase> CreateAsync(Kind[] kinds)
    {
        var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy');
            CREATE DOMAIN price AS numeric(14,2);
            CREATE DOMAIN nested_price AS price CHECK (VALUE >= 0);
            CREATE DOMAIN short_text AS varchar(4);
            CREATE TYPE place AS (name text, floor int);
            """);
        await database.ExecuteAsync($"CREATE TABLE everything (id int PRIMARY KEY, {string.Join(", ", kinds.Select((kind, i) => $"c{i} {kind.Type}"))})");
        var values = kinds.Select(kind =>
            $"CASE {string.Join(' ', kind.Extremes.Select((value, i) => $"WHEN i = {i} THEN '{value.Replace("'", "''", StringComparison.Ordinal)}'::{kind.Type}"))} WHEN i % 5 = 4 THEN NULL ELSE {kind.Random} END");
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var insert = new NpgsqlCommand(
            $"SELECT setseed(0.4711); SET TimeZone = 'UTC'; SET IntervalStyle = 'postgres'; INSERT INTO everything SELECT i, {string.Join(", ", values)} FROM generate_series(0, {Rows - 1}) i", connection);
        await insert.ExecuteNonQueryAsync();
        return database;
    }

    private static async Task<List<string?[]>> ExpectedAsync(TestDatabase database, Kind[] kinds)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await using var settings = new NpgsqlCommand("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1", connection);
        await settings.ExecuteNonQueryAsync();
        var columns = kinds.Select((kind, i) => string.Format(CultureInfo.InvariantCulture, kind.Expected, $"c{i}"));
        await using var command = new NpgsqlCommand($"SELECT id::text, {string.Join(", ", columns)} FROM everything ORDER BY everything.id", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string?[]>();
        while (await reader.ReadAsync())
        {
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(i => reader.IsDBNull(i) ? null : reader.GetString(i))]);
        }

        return rows;
    }

    private static void Compare(string reader, IReadOnlyList<string?[]> found, List<string?[]> expected, Kind[] kinds)
    {
        found.Count.ShouldBe(expected.Count, reader);
        var wrong = new List<string>();
        for (var row = 0; row < expected.Count; row++)
        {
            for (var column = 0; column < expected[row].Length; column++)
            {
                if (found[row][column] != expected[row][column])
                {
                    wrong.Add($"{(column == 0 ? "id" : kinds[column - 1].Type)}, row {row}: {found[row][column] ?? "NULL"} instead of {expected[row][column] ?? "NULL"}");
                }
            }
        }

        wrong.Take(40).ShouldBeEmpty($"{reader} reads {wrong.Count} values otherwise");
    }

    private sealed record Kind(string Type, string Expected, string Random, params string[] Extremes);
}
