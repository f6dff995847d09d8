using System.Globalization;
using DataLake.Contracts;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Chunks;

public sealed class ChunkPlannerTests(TestPostgres postgres)
{
    private static readonly DateTimeOffset Day = new(2024, 3, 31, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Chunks_by_bounds_hold_every_row_once()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            """
            SELECT setseed(0.5);
            CREATE TABLE things (small smallint, normal int, large bigint, single real, precise float8, exact numeric(30,4), "odd "" name" int);
            INSERT INTO things SELECT (random() * 65000 - 32500)::int, (random() * 2000 - 1000)::int, (random() * 1.8e19 - 9e18)::bigint, random() * 100 - 50, random() * 1e19, (random() * 1000 - 500)::numeric(30,4), (random() * 10)::int
            FROM generate_series(1, 2000);
            INSERT INTO things SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(1, 7);
            INSERT INTO things (large, single, precise, exact) VALUES (-9223372036854775808, 'NaN', 'NaN', 'NaN'), (9223372036854775807, 'Infinity', '-Infinity', 0);
            """);
        var table = await InspectAsync(database);
        var random = new Random(11);
        var bounds = new List<(long Lower, long Upper)> { (long.MinValue, long.MaxValue), (0, 0), (-1, 1), (-1000, 1000), (long.MaxValue - 1, long.MaxValue), (long.MinValue, long.MinValue + 2), (0, 5) };
        bounds.AddRange(Enumerable.Range(0, 8).Select(_ => (random.NextInt64(-2000, 0), random.NextInt64(0, 2000))));
        foreach (var column in table.Columns)
        {
            foreach (var (lower, upper) in bounds)
            {
                foreach (var number in new[] { 1, 2, 3, 16 })
                {
                    await EveryRowOnceAsync(database, ChunkPlanner.Plan(table, new ChunkRule.Bounds(column.Name, lower, upper, number), null, 4), $"{column.Name} {lower}..{upper} in {number}");
                }
            }
        }
    }

    [Fact]
    public void Strides_are_even_and_no_more_than_their_cuts()
    {
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false)]);
        ChunkPlanner.Plan(table, new ChunkRule.Bounds("id", 0, 100, 4), null, 1).Select(chunk => chunk.Predicate).ShouldBe(
            ["(\"id\" < 25 OR \"id\" IS NULL)", "\"id\" >= 25 AND \"id\" < 50", "\"id\" >= 50 AND \"id\" < 75", "\"id\" >= 75"]);
        ChunkPlanner.Plan(table, new ChunkRule.Bounds("id", 0, 2, 100), null, 1).Count.ShouldBe(3);
        ChunkPlanner.Plan(table, new ChunkRule.Bounds("id", 5, 5, 8), null, 1).Count.ShouldBe(2);
        ChunkPlanner.Plan(table, new ChunkRule.Bounds("id", 0, 100, 1), null, 1).ShouldHaveSingleItem().Predicate.ShouldBe(Chunk.Everything);
    }

    [Fact]
    public async Task Chunks_by_pages_hold_every_row_once_even_when_the_table_grew()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things AS SELECT g AS id, repeat('x', 100) AS filler FROM generate_series(1, 20000) g");
        var table = await InspectAsync(database);
        table.Pages.ShouldBeGreaterThan(100);
        await database.ExecuteAsync("DELETE FROM things WHERE id % 3 = 0; INSERT INTO things SELECT g, 'later' FROM generate_series(20001, 60000) g; CREATE TABLE heir () INHERITS (things); INSERT INTO heir SELECT 1, 'x' FROM generate_series(1, 3000)");
        foreach (var number in new[] { 2, 3, 7, 64, (int)table.Pages })
        {
            var chunks = ChunkPlanner.Plan(table, new ChunkRule.Count(number), null, 4);
            chunks.Count.ShouldBe(number);
            chunks.Select(chunk => chunk.Number).ShouldBe(Enumerable.Range(0, number));
            if (number <= 64)
            {
                await EveryRowOnceAsync(database, chunks, $"{number} chunks");
            }
        }

        ChunkPlanner.Plan(table, new ChunkRule.Count((int)table.Pages + 1), null, 4).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("timestamptz")]
    [InlineData("timestamp")]
    [InlineData("date")]
    public async Task Chunks_of_a_window_hold_every_row_of_it_once(string type)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"""
            SELECT setseed(0.25);
            CREATE TABLE things (id int, at {type});
            INSERT INTO things SELECT g, (timestamptz '2024-03-25 00:00+00' + random() * interval '14 days') AT TIME ZONE 'UTC' FROM generate_series(1, 3000) g;
            INSERT INTO things SELECT g, (timestamptz '2024-03-31 00:00+00' + g * interval '1 hour') AT TIME ZONE 'UTC' FROM generate_series(-30, 60) g;
            """);
        var table = await InspectAsync(database);
        var berlin = TimeZoneInfo.CreateCustomTimeZone("plus two", TimeSpan.FromHours(2), null, null);
        foreach (var window in new[] { new Window(Day, Day.AddDays(1)), new Window(Day.AddDays(-3).AddHours(5), Day.AddDays(4).AddTicks(7)), new Window(Day, Day.AddTicks(10)), new Window(Window.Beginning, Day) })
        {
            var range = CursorRange.Of(table, "at", window, instant => TimeZoneInfo.ConvertTime(instant, berlin).DateTime);
            foreach (var number in new[] { 1, 2, 7, 30 })
            {
                await EveryRowOnceAsync(database, ChunkPlanner.Plan(table, new ChunkRule.Count(number), range, 4), $"{type} {window} in {number}", range.Predicate);
            }

            await EveryRowOnceAsync(database, ChunkPlanner.Plan(table, new ChunkRule.Bounds("id", 0, 3000, 5), range, 4), $"{type} {window} by id", range.Predicate);
        }
    }

    [Fact]
    public void Small_tables_views_and_old_servers_are_read_in_one_piece()
    {
        SourceTableColumn[] columns = [new("id", 1, "integer", 23, -1, Nullable: false)];
        ChunkPlanner.Plan(Table(columns, pages: 8_191), new ChunkRule.Automatic(), null, 8).Count.ShouldBe(1);
        ChunkPlanner.Plan(Table(columns, pages: 3 * 8_192), new ChunkRule.Automatic(), null, 8).Count.ShouldBe(3);
        ChunkPlanner.Plan(Table(columns, pages: 1L << 32), new ChunkRule.Automatic(), null, 8).Count.ShouldBe(8);
        ChunkPlanner.Plan(Table(columns, kind: 'v', pages: 0), new ChunkRule.Count(8), null, 8).Count.ShouldBe(1);
        ChunkPlanner.Plan(Table(columns, version: 130_000), new ChunkRule.Count(8), null, 8).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("gone", 0, 9, SourceErrorKind.Missing, "public.things has no column gone to cut it into chunks by. Name one of id, price under 'chunks'")]
    [InlineData("name", 0, 9, SourceErrorKind.Unfit, "The column name of public.things, which is to cut it into chunks, is of type text, not a number. Name one of id, price")]
    [InlineData("handle", 0, 9, SourceErrorKind.Unfit, "The column handle of public.things, which is to cut it into chunks, is of type oid, not a number.")]
    [InlineData("id", 9, 0, SourceErrorKind.Unfit, "The lower bound 9 of the chunks of public.things is above the upper bound 0")]
    public void A_rule_that_does_not_fit_the_table_is_refused(string column, long lower, long upper, SourceErrorKind kind, string message)
    {
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false), new("name", 2, "text", 25, -1, Nullable: true), new("price", 3, "numeric", 1700, -1, Nullable: true), new("handle", 4, "oid", 26, -1, Nullable: true)]);
        var error = Should.Throw<SourceException>(() => ChunkPlanner.Plan(table, new ChunkRule.Bounds(column, lower, upper, 4), null, 4));
        error.Kind.ShouldBe(kind);
        error.Message.ShouldStartWith(message);
    }

    private static SourceTable Table(SourceTableColumn[] columns, char kind = 'r', long pages = 1_000, int version = 150_000) =>
        new(new TableName("public", "things"), 1, kind, pages, version, columns, []);

    private static async Task<SourceTable> InspectAsync(TestDatabase database)
    {
        await using var connection = await new SourceConnections(database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None);
        return await TableInspector.InspectAsync(connection, new TableName("public", "things"), CancellationToken.None);
    }

    /// <summary>Each row that the window holds is in one chunk, and no other row in any.</summary>
    private static async Task EveryRowOnceAsync(TestDatabase database, IReadOnlyList<Chunk> chunks, string what, string window = Chunk.Everything)
    {
        var chosen = string.Join(" + ", chunks.Select(chunk => string.Create(CultureInfo.InvariantCulture, $"CASE WHEN {chunk.Predicate} THEN 1 ELSE 0 END")));
        (await database.ScalarAsync<long>($"SELECT count(*) FROM things WHERE {chosen} <> CASE WHEN {window} THEN 1 ELSE 0 END")).ShouldBe(0, what);
    }
}
