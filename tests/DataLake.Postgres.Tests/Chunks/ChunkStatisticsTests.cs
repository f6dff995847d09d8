using DataLake.Postgres.Chunks;
using DataLake.Postgres.Cursors;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;
using Window = DataLake.Contracts.Window;

namespace DataLake.Postgres.Tests.Chunks;

/// <summary>Chunks that are cut at values which the server's statistics know: in <c>public.things</c> of a server too old to read by ranges of pages.</summary>
public sealed class ChunkStatisticsTests(TestPostgres postgres)
{
    private const int OldServer = 130_000;

    private static readonly DateTimeOffset Day = new(2024, 3, 31, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("smallint", "(200 * random() ^ 3 - 100)", "-32768, 32767, 0")]
    [InlineData("integer", "(2000000 * random() ^ 9 - 1000)", "-2147483648, 2147483647")]
    [InlineData("bigint", "(1.8e19 * (random() ^ 3 - 0.5))", "-9223372036854775808, 9223372036854775807")]
    [InlineData("numeric(30,4)", "(1000000 * random() ^ 7 - 5)", "'NaN', -1e20, 1e20")]
    [InlineData("numeric", "(random() ^ 7)", "'NaN', 'Infinity', '-Infinity', -1e300")]
    [InlineData("real", "(1000 * random() ^ 7 - 5)", "'NaN', 'Infinity', '-Infinity', '-0'")]
    [InlineData("double precision", "(random() ^ 7)", "'NaN', 'Infinity', '-Infinity', 5e-324")]
    [InlineData("uuid", "md5(g::text)", "'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'")]
    [InlineData("date", "date '2024-01-01' - (3000 * random() ^ 5)::int", "'infinity', '-infinity', '4713-01-01 BC'")]
    [InlineData("timestamp", "timestamp '2024-01-01' - random() ^ 5 * interval '9 years'", "'infinity', '-infinity', '4713-01-01 BC'")]
    [InlineData("timestamptz", "timestamptz '2024-01-01 Europe/Berlin' - random() ^ 5 * interval '2200 years'", "'infinity', '-infinity', '0044-03-15 BC'")]
    [InlineData("text", "substr($$O'Brien \\\\ \"ß Ä a B é 漢 $$ || md5(g::text), (random() * 30)::int)", "'', '~', 'zzzz', repeat('x',5000)")]
    [InlineData("text COLLATE \"C\"", "substr('aAbB_- äÄ' || md5(g::text), 1 + g % 12)", "'', '~', 'Z', 'z'")]
    [InlineData("text COLLATE \"de-x-icu\"", "substr('aAbB_- äÄ' || md5(g::text), 1 + g % 12)", "'', '~', 'Z', 'z'")]
    [InlineData("varchar(40)", "left(md5((g % 700)::text) || ' ', g % 39)", "'', '~', ' '")]
    [InlineData("char(12)", "left(md5((g % 900)::text), g % 12)", "'', ' a'")]
    public async Task Whatever_the_values_are_every_row_is_in_one_chunk(string type, string value, string outer)
    {
        if (type == "numeric" && TestPostgres.MajorVersion < 14)
        {
            outer = "'NaN', -1e300";
        }

        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"""
            SELECT setseed(0.75);
            CREATE TABLE things ("odd "" name" {type}) WITH (autovacuum_enabled = off);
            INSERT INTO things SELECT {Cast(value, type)} FROM generate_series(1, 4000) g;
            INSERT INTO things SELECT NULL FROM generate_series(1, 50);
            INSERT INTO things SELECT (SELECT min("odd "" name"::text) FROM things)::{Plain(type)} FROM generate_series(1, 700);
            ANALYZE things;
            """);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        table = table with { ServerVersion = OldServer, UniqueKeys = [[table.Columns[0].Name]] };
        var plans = new List<IReadOnlyList<Chunk>>();
        foreach (var number in new[] { 2, 3, 8, 200 })
        {
            plans.Add(await source.PlanAsync(table, new ChunkRule.Count(number)));
            plans[^1].Count.ShouldBeInRange(Math.Min(number, 7), number);
            await EveryRow.OnceAsync(database, plans[^1], $"{type} in {number}");
        }

        // What the statistics do not know yet.
        await database.ExecuteAsync($"INSERT INTO things SELECT v::{Plain(type)} FROM unnest(ARRAY[{string.Join(", ", outer.Split(", ").Select(text => $"({text})::text"))}, NULL]) v; DELETE FROM things WHERE ctid < '(2,0)'");
        foreach (var chunks in plans)
        {
            await EveryRow.OnceAsync(database, chunks, $"{type} later");
        }
    }

    [Fact]
    public async Task A_key_with_most_of_its_values_at_one_end_gives_chunks_of_similar_size()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "SELECT setseed(0.5); CREATE TABLE things (id bigint PRIMARY KEY); " +
            "INSERT INTO things SELECT DISTINCT (1e12 * random() ^ 12)::bigint FROM generate_series(1, 40000); ANALYZE things");
        await using var source = await PlannedSource.OpenAsync(database);
        var table = (await source.InspectAsync("things")) with { ServerVersion = OldServer };
        var chunks = await source.PlanAsync(table, new ChunkRule.Count(8));
        await EveryRow.OnceAsync(database, chunks, "key");
        var counts = await EveryRow.CountAsync(database, chunks);
        counts.Count.ShouldBe(8);
        counts.ShouldAllBe(rows => rows > counts.Sum() / 8 * 0.7 && rows < counts.Sum() / 8 * 1.3);
    }

    [Theory]
    [InlineData("timestamptz", 8)]
    [InlineData("timestamp", 8)]
    [InlineData("date", 4)]
    public async Task A_window_with_most_of_its_rows_in_one_hour_gives_chunks_of_similar_size(string type, int number)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"""
            SELECT setseed(0.5);
            CREATE TABLE things (id int PRIMARY KEY, at {type});
            INSERT INTO things SELECT g, (timestamptz '2024-03-01 00:00+00' + (random() ^ 6) * interval '100 days') AT TIME ZONE 'UTC' FROM generate_series(1, 30000) g;
            CREATE INDEX ON things (at);
            ANALYZE things;
            """);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = (await source.InspectAsync("things")) with { ServerVersion = OldServer };
        var range = CursorRange.Of(table, "at", new Window(Day.AddDays(-29), Day.AddDays(60)), instant => instant.UtcDateTime);
        var chunks = await source.PlanAsync(table, new ChunkRule.Count(number), range);
        await EveryRow.OnceAsync(database, chunks, type, range.Predicate);
        var counts = await EveryRow.CountAsync(database, chunks);
        counts.Count.ShouldBe(number);
        counts.ShouldAllBe(rows => rows > counts.Sum() / number * 0.6 && rows < counts.Sum() / number * 1.5);

        // Equal strides of time do worse, so this says something.
        var span = range.Column.Type == "date" ? "date '2024-03-02' + 22" : "timestamp '2024-03-02' + interval '11 days'";
        (await database.ScalarAsync<long>($"SELECT count(*) FROM things WHERE {range.Predicate} AND at < {span}")).ShouldBeGreaterThan(counts.Sum() / 3);
    }

    [Fact]
    public async Task A_window_that_statistics_do_not_reach_is_cut_into_equal_parts_of_time()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            CREATE TABLE things (id int PRIMARY KEY, at timestamptz NOT NULL) WITH (autovacuum_enabled = off);
            INSERT INTO things SELECT g, timestamptz '2024-03-01 00:00+00' + g * interval '1 minute' FROM generate_series(1, 5000) g;
            CREATE INDEX ON things (at);
            ANALYZE things;
            INSERT INTO things SELECT g, timestamptz '2024-03-31 00:00+00' + (g - 5001) * interval '1 second' FROM generate_series(5001, 9000) g;
            """);
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        var range = CursorRange.Of(table, "at", new Window(Day, Day.AddHours(1)), instant => instant.UtcDateTime);
        var chunks = await source.PlanAsync(table, new ChunkRule.Count(4), range);
        await EveryRow.OnceAsync(database, chunks, "later", range.Predicate);
        (await EveryRow.CountAsync(database, chunks)).ShouldBe([900, 900, 900, 900]);
    }

    [Fact]
    public async Task A_window_without_an_index_is_read_by_pages_so_that_each_is_read_once()
    {
        TestPostgres.SkipBefore(14, "scans of ranges of pages");
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things AS SELECT g AS id, timestamptz '2024-03-31 00:00+00' + g * interval '1 second' AS at FROM generate_series(1, 20000) g; ANALYZE things");
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        var range = CursorRange.Of(table, "at", new Window(Day, Day.AddHours(1)), instant => instant.UtcDateTime);
        var chunks = await source.PlanAsync(table, new ChunkRule.Count(4), range);
        chunks.Count.ShouldBe(4);
        chunks.ShouldAllBe(chunk => chunk.ToString().Contains("ctid", StringComparison.Ordinal));
        await EveryRow.OnceAsync(database, chunks, "no index", range.Predicate);
    }

    [Fact]
    public async Task Values_of_a_masked_column_are_in_no_plan()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (mail text PRIMARY KEY, id int UNIQUE NOT NULL); INSERT INTO things SELECT 'secret' || g, g FROM generate_series(1, 1000) g; ANALYZE things");
        await using var source = await PlannedSource.OpenAsync(database);
        var table = (await source.InspectAsync("things")) with { ServerVersion = OldServer };
        (await source.PlanAsync(table, new ChunkRule.Count(4))).ShouldContain(chunk => chunk.ToString().Contains("secret", StringComparison.Ordinal));
        var chunks = await source.PlanAsync(table, new ChunkRule.Count(4) { Hidden = ["mail"] });
        chunks.Count.ShouldBe(4);
        chunks.ShouldAllBe(chunk => chunk.ToString().Contains("\"id\"", StringComparison.Ordinal));
        (await source.PlanAsync(table, new ChunkRule.Count(4) { Hidden = ["mail", "id"] })).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Values_in_no_order_are_cut_into_no_more_chunks_than_connections()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            "CREATE TABLE things (id uuid PRIMARY KEY, number int UNIQUE NOT NULL); INSERT INTO things SELECT md5(g::text)::uuid, g FROM generate_series(1, 5000) g; ANALYZE things");
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        table = table with { ServerVersion = OldServer, Parts = [table.Parts[0] with { Pages = 1 << 20, AllPages = 1 << 20 }] };
        (await source.PlanAsync(table with { UniqueKeys = [["number"]] }, new ChunkRule.Automatic())).Count.ShouldBeGreaterThan(8);
        (await source.PlanAsync(table with { UniqueKeys = [["id"]] }, new ChunkRule.Automatic())).Count.ShouldBe(4);
    }

    [Fact]
    public async Task Where_the_partitions_may_not_be_read_by_name_the_key_of_the_whole_table_cuts_it()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var role = $"reader_{database.Name}";
        await database.ExecuteAsync(
            $"""
            CREATE TABLE things (id int PRIMARY KEY) PARTITION BY RANGE (id);
            CREATE TABLE things_1 PARTITION OF things FOR VALUES FROM (0) TO (3000);
            CREATE TABLE things_2 PARTITION OF things FOR VALUES FROM (3000) TO (10000);
            INSERT INTO things SELECT g FROM generate_series(1, 9000) g;
            ANALYZE things;
            CREATE ROLE {role} LOGIN PASSWORD 'reads';
            GRANT SELECT ON things TO {role};
            """);
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "reads" };
        await using (var source = await PlannedSource.OpenAsync(database, settings.ConnectionString))
        {
            var table = await source.InspectAsync("things");
            table.Parts.Select(part => part.CanRead).ShouldBe([false, false]);
            var chunks = await source.PlanAsync(table, new ChunkRule.Count(3));
            await EveryRow.OnceAsync(database, chunks, "not allowed");
            (await EveryRow.CountAsync(database, chunks)).ShouldAllBe(rows => rows > 2500 && rows < 3500);
        }

        await database.ExecuteAsync($"DROP OWNED BY {role}; DROP ROLE {role}");
    }

    private static string Plain(string type) => type.Split(" COLLATE")[0];

    private static string Cast(string value, string type) => $"({value})::{Plain(type)}";
}
