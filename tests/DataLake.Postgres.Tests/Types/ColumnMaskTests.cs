using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Types;

public sealed class ColumnMaskTests(TestPostgres postgres)
{
    private const string Key = "key";

    private const string Table =
        """
        CREATE TYPE place AS (name text, floor int);
        CREATE TABLE people (id int NOT NULL, mail text, balance numeric(10,2), home place, code char(4));
        INSERT INTO people VALUES (1, 'a@b.example', 12.50, ROW('x', NULL), 'ab'), (2, NULL, NULL, NULL, NULL), (3, 'a@b.example', -1, ROW(NULL, NULL), 'ab');
        """;

    private const string Stays =
        """
        CREATE TABLE stays (id int PRIMARY KEY, person bigint, born date NOT NULL, came timestamp, left_at timestamptz);
        INSERT INTO stays
        SELECT i, i % 100, date '1930-01-01' + (i % 100) * 321, timestamp '2020-01-01 08:00' + i * interval '7 hours', timestamptz '2020-01-03 09:30+01' + i * interval '7 hours'
        FROM generate_series(1, 1000) i;
        """;

    private static readonly ColumnRules StayRules = Rules(
        ("born", new(ColumnMask.DateShift, "person")), ("came", new(ColumnMask.DateShift, "person")), ("left_at", new(ColumnMask.DateShift, "person")));

    [Fact]
    public async Task Redacted_values_show_only_whether_they_are_there() =>
        await ExpectAsync(ColumnMask.Redact,
            ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "[redacted]"],
            ["[redacted]", null, null, null, null],
            ["[redacted]", "[redacted]", "[redacted]", "[redacted]", "[redacted]"]);

    [Fact]
    public async Task Nulled_values_are_missing_even_where_the_column_was_required() =>
        await ExpectAsync(ColumnMask.Null, new string?[5], new string?[5], new string?[5]);

    [Fact]
    public async Task Hashed_values_are_a_keyed_hash_of_their_text() =>
        await ExpectAsync(ColumnMask.Hash,
            [Hash("1"), Hash("a@b.example"), Hash("12.50"), Hash("(x,)"), Hash("ab")],
            [Hash("2"), null, null, null, null],
            [Hash("3"), Hash("a@b.example"), Hash("-1.00"), Hash("(,)"), Hash("ab")]);

    [Fact]
    public void A_hash_without_a_key_is_refused() => Should.Throw<ArgumentNullException>(
        () => ColumnMapping.Of(new("mail", 1, "text", 25, -1, Nullable: true), 1, ColumnMask.Hash));

    [Theory]
    [InlineData("BE71096123456769", "************6769")]
    [InlineData("12345678", "****5678")]
    [InlineData("1234567", "****567")]
    [InlineData("1234", "**34")]
    [InlineData("123", "**3")]
    [InlineData("12", "*2")]
    [InlineData("1", "*")]
    [InlineData("", "")]
    [InlineData("größer漢字😀é", "******漢字😀é")]
    public async Task A_partly_masked_text_shows_its_end_and_at_most_half(string value, string expected)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE DOMAIN account AS varchar(40); CREATE TABLE cards (a text, b account, c char(40)); INSERT INTO cards SELECT v, v, v FROM (VALUES ('{value}'), (NULL)) x(v)");
        using var folder = new TemporaryFolder();
        var partial = new ColumnMaskRule(ColumnMask.Partial);
        await Extraction.ToFileAsync(database, "cards", folder.In("x.parquet"), rules: Rules(("a", partial), ("b", partial), ("c", partial)));
        (await Extraction.ReadOurselvesAsync(folder.In("x.parquet"))).ShouldBe([[expected, expected, expected], [null, null, null]]);
    }

    [Fact]
    public async Task Shifted_dates_of_one_person_keep_their_distances_and_no_date_stays()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Stays);
        using var folder = new TemporaryFolder();
        await Extraction.ToFileAsync(database, "stays", folder.In("x.parquet"), "ORDER BY stays.id", StayRules, Key);
        await Extraction.ToFileAsync(database, "stays", folder.In("plain.parquet"), "ORDER BY stays.id");
        var before = await Extraction.ReadOurselvesAsync(folder.In("plain.parquet"));
        foreach (var after in (IReadOnlyList<string?[]>[])[await Extraction.ReadOurselvesAsync(folder.In("x.parquet")), await Extraction.ReadAsync("duckdb", folder.In("x.parquet"))])
        {
            var shifts = new Dictionary<string, long>();
            for (var row = 0; row < before.Count; row++)
            {
                var days = Number(after[row][2]) - Number(before[row][2]);
                days.ShouldBeInRange(-365, 365);
                days.ShouldNotBe(0);
                shifts.TryAdd(after[row][1]!, days);
                shifts[after[row][1]!].ShouldBe(days);
                (Number(after[row][3]) - Number(before[row][3])).ShouldBe(days * 86_400_000_000_000);
                (Number(after[row][4]) - Number(before[row][4])).ShouldBe(days * 86_400_000_000_000);
            }

            shifts.Values.Distinct().Count().ShouldBeGreaterThan(80);
            shifts.Values.ShouldContain(days => days < -200);
            shifts.Values.ShouldContain(days => days > 200);
        }

        static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task A_date_moves_alike_in_every_table_that_names_the_person_alike_and_otherwise_under_another_key()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE people (person int, born date); INSERT INTO people VALUES (7, '2000-01-01'); " +
            "CREATE TABLE visits (day timestamp, person text); INSERT INTO visits VALUES ('2000-01-01', '7'); " +
            "CREATE TABLE others (customer int, born date); INSERT INTO others VALUES (7, '2000-01-01');");
        using var folder = new TemporaryFolder();
        var file = folder.In("x.parquet");
        var people = await DayAsync("people", "born", "person", Key, 1);
        (await DayAsync("visits", "day", "person", Key, 0) / 86_400_000_000_000).ShouldBe(people);
        (await DayAsync("people", "born", "person", "another", 1)).ShouldNotBe(people);
        (await DayAsync("others", "born", "customer", Key, 1)).ShouldNotBe(people);

        async Task<long> DayAsync(string table, string column, string by, string key, int index)
        {
            await Extraction.ToFileAsync(database, table, file, rules: Rules((column, new(ColumnMask.DateShift, by))), maskKey: key);
            return long.Parse((await Extraction.ReadOurselvesAsync(file))[0][index]!, CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task A_date_without_a_person_is_missing_and_one_at_the_end_of_time_is_refused()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE stays (person int, born date NOT NULL, came timestamp); INSERT INTO stays VALUES (NULL, '2000-01-01', '2000-01-01'), (1, '5874897-12-31', NULL), (1, '4713-01-01 BC', NULL)");
        using var folder = new TemporaryFolder();
        var file = folder.In("x.parquet");
        var rules = Rules(("born", new(ColumnMask.DateShift, "person")), ("came", new(ColumnMask.DateShift, "person")));
        await Extraction.ToFileAsync(database, "stays", file, rules: rules, maskKey: Key);
        var rows = await Extraction.ReadOurselvesAsync(file);
        rows[0].ShouldBe([null, null, null]);
        rows[1][1].ShouldNotBeNull();
        rows[2][1].ShouldNotBeNull();

        await database.ExecuteAsync("INSERT INTO stays SELECT g, '2000-01-01', '294276-12-31' FROM generate_series(1, 9) g");
        (await Should.ThrowAsync<SourceException>(() => Extraction.ToFileAsync(database, "stays", file, rules: rules, maskKey: Key)))
            .Message.ShouldContain("holds a timestamp after 294247-01-10");
        await database.ExecuteAsync("UPDATE stays SET came = 'infinity'");
        (await Should.ThrowAsync<SourceException>(() => Extraction.ToFileAsync(database, "stays", file, rules: rules, maskKey: Key)))
            .Message.ShouldContain("holds an infinite timestamp");
        await Extraction.ToFileAsync(database, "stays", file, rules: rules with { Policies = new TypePolicies { Infinity = NotFinite.Null } }, maskKey: Key);
        (await Extraction.ReadOurselvesAsync(file)).ShouldAllBe(row => row[2] == null);
    }

    [Theory]
    [InlineData("balance", ColumnMask.Partial, null, "The mask 'partial' does not fit the column balance of public.people, which is of type numeric(10,2)")]
    [InlineData("home", ColumnMask.Partial, null, "The mask 'partial' does not fit the column home of public.people, which is of type place")]
    [InlineData("mail", ColumnMask.DateShift, "id", "The mask 'date_shift' does not fit the column mail of public.people, which is of type text")]
    [InlineData("born", ColumnMask.DateShift, "person", "public.people has no column person, which the definition names as the column by which born is shifted. It has: id, mail")]
    [InlineData("born", ColumnMask.DateShift, null, "does not say by which column")]
    [InlineData("gone", ColumnMask.Hash, null, "public.people has no column gone, which the definition names as a sensitive column")]
    public async Task A_mask_that_does_not_fit_is_refused_before_the_first_row(string column, ColumnMask mask, string? by, string problem)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Table + "ALTER TABLE people ADD born date");
        using var folder = new TemporaryFolder();
        var error = await Should.ThrowAsync<SourceException>(
            () => Extraction.ToFileAsync(database, "people", folder.In("x.parquet"), rules: Rules((column, new(mask, by))), maskKey: Key));
        error.CanRetry.ShouldBeFalse();
        error.Message.ShouldContain(problem);
    }

    [Fact]
    public async Task Nothing_of_the_original_values_is_in_the_file()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE secrets (id int, a text, b text, c text, d text, e date, f timestamp, person text);
            INSERT INTO secrets SELECT i, 'original-value-a-' || i, 'original-value-b-' || i, 'original-value-c-' || i, 'original-value-d-' || i,
                date '1950-01-01' + i, timestamp '1950-01-01 12:34:56.789' + i * interval '1 day', 'original-person-' || i FROM generate_series(1, 3000) i;
            """);
        using var folder = new TemporaryFolder();
        var file = folder.In("x.parquet");
        var rules = Rules(
            ("a", new(ColumnMask.Null)), ("b", new(ColumnMask.Redact)), ("c", new(ColumnMask.Hash)), ("d", new(ColumnMask.Partial)),
            ("e", new(ColumnMask.DateShift, "person")), ("f", new(ColumnMask.DateShift, "person")), ("person", new(ColumnMask.Hash)));
        await Extraction.ToFileAsync(database, "secrets", file, "ORDER BY secrets.id", rules, Key);

        // Pages are compressed: DuckDB writes them plainly, so that every value would be seen as it is.
        var plain = folder.In("plain.csv");
        await LakeReaders.SqlAsync($"COPY (SELECT * FROM read_parquet('{file}')) TO '{plain}'; SELECT 1");
        foreach (var path in (string[])[file, plain])
        {
            var bytes = await File.ReadAllBytesAsync(path);
            foreach (var original in (string[])["original", "value-a", "value-d", "person-"])
            {
                bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(original)).ShouldBe(-1, $"'{original}' in {Path.GetFileName(path)}");
            }
        }

        var rows = await Extraction.ReadOurselvesAsync(file);
        var firstDay = (new DateOnly(1950, 1, 1).DayNumber - new DateOnly(1970, 1, 1).DayNumber);
        for (var row = 0; row < rows.Count; row++)
        {
            rows[row][5].ShouldNotBe((firstDay + row + 1).ToString(CultureInfo.InvariantCulture));
        }

        rows[2999][4].ShouldBe("*****************3000");
    }

    private async Task ExpectAsync(ColumnMask mask, params string?[][] expected)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(Table);
        using var folder = new TemporaryFolder();
        var file = folder.In("masked.parquet");
        var rules = Rules([.. ((string[])["id", "mail", "balance", "home", "code"]).Select(column => (column, new ColumnMaskRule(mask)))]);
        await Extraction.ToFileAsync(database, "people", file, "ORDER BY people.id", rules, Key);
        (await Extraction.ReadOurselvesAsync(file)).ShouldBe(expected);
    }

    private static ColumnRules Rules(params (string Column, ColumnMaskRule Rule)[] masks) =>
        new() { Masks = masks.ToDictionary(mask => mask.Column, mask => mask.Rule) };

    private static string Hash(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Key), Encoding.UTF8.GetBytes(text)));
}
