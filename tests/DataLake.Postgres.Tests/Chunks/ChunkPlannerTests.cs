using DataLake.Contracts;
using DataLake.Postgres.Chunks;
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
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        var random = new Random(11);
        var bounds = new List<(long Lower, long Upper)> { (long.MinValue, long.MaxValue), (0, 0), (-1, 1), (-1000, 1000), (long.MaxValue - 1, long.MaxValue), (long.MinValue, long.MinValue + 2), (0, 5) };
        bounds.AddRange(Enumerable.Range(0, 8).Select(_ => (random.NextInt64(-2000, 0), random.NextInt64(0, 2000))));
        foreach (var column in table.Columns)
        {
            foreach (var (lower, upper) in bounds)
            {
                foreach (var number in new[] { 1, 2, 3, 16 })
                {
                    await EveryRow.OnceAsync(database, await source.PlanAsync(table, new ChunkRule.Bounds(column.Name, lower, upper, number)), $"{column.Name} {lower}..{upper} in {number}");
                }
            }
        }
    }

    [Fact]
    public async Task Strides_are_even_and_no_more_than_their_cuts()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false), new("maybe", 2, "integer", 23, -1, Nullable: true)]);
        (await source.PlanAsync(table, new ChunkRule.Bounds("id", 0, 100, 4))).Select(chunk => chunk.ToString()).ShouldBe(
            ["\"id\" < 25", "\"id\" >= 25 AND \"id\" < 50", "\"id\" >= 50 AND \"id\" < 75", "\"id\" >= 75"]);
        (await source.PlanAsync(table, new ChunkRule.Bounds("maybe", 0, 100, 2))).Select(chunk => chunk.ToString()).ShouldBe(["(\"maybe\" < 50 OR \"maybe\" IS NULL)", "\"maybe\" >= 50"]);
        (await source.PlanAsync(table, new ChunkRule.Bounds("id", 0, 2, 100))).Count.ShouldBe(3);
        (await source.PlanAsync(table, new ChunkRule.Bounds("id", 5, 5, 8))).Count.ShouldBe(2);
        (await source.PlanAsync(table, new ChunkRule.Bounds("id", 0, 100, 1))).ShouldHaveSingleItem().ToString().ShouldBe(ChunkPart.Everything);
    }

    [Fact]
    public async Task Chunks_by_pages_hold_every_row_once_even_when_the_table_grew()
    {
        TestPostgres.SkipBefore(14, "scans of ranges of pages");
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things AS SELECT g AS id, repeat('x', 100) AS filler FROM generate_series(1, 20000) g");
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        table.Pages.ShouldBeGreaterThan(100);
        await database.ExecuteAsync("DELETE FROM things WHERE id % 3 = 0; INSERT INTO things SELECT g, 'later' FROM generate_series(20001, 60000) g; CREATE TABLE heir () INHERITS (things); INSERT INTO heir SELECT 1, 'x' FROM generate_series(1, 3000)");
        foreach (var number in new[] { 2, 3, 7, 64, (int)table.Pages })
        {
            var chunks = await source.PlanAsync(table, new ChunkRule.Count(number));
            chunks.Count.ShouldBe(number);
            chunks.Select(chunk => chunk.Number).ShouldBe(Enumerable.Range(0, number));
            if (number <= 64)
            {
                await EveryRow.OnceAsync(database, chunks, $"{number} chunks");
            }
        }

        (await source.PlanAsync(table, new ChunkRule.Count((int)table.Pages + 1))).Count.ShouldBe(1);
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
        await using var source = await PlannedSource.OpenAsync(database);
        var table = await source.InspectAsync("things");
        var berlin = TimeZoneInfo.CreateCustomTimeZone("plus two", TimeSpan.FromHours(2), null, null);
        foreach (var window in new[] { new Window(Day, Day.AddDays(1)), new Window(Day.AddDays(-3).AddHours(5), Day.AddDays(4).AddTicks(7)), new Window(Day, Day.AddTicks(10)), new Window(Window.Beginning, Day) })
        {
            var range = CursorRange.Of(table, "at", window, instant => TimeZoneInfo.ConvertTime(instant, berlin).DateTime);
            foreach (var number in new[] { 1, 2, 7, 30 })
            {
                await EveryRow.OnceAsync(database, await source.PlanAsync(table, new ChunkRule.Count(number), range), $"{type} {window} in {number}", range.Predicate);
            }

            await EveryRow.OnceAsync(database, await source.PlanAsync(table, new ChunkRule.Bounds("id", 0, 3000, 5), range), $"{type} {window} by id", range.Predicate);
        }
    }

    [Fact]
    public async Task Small_tables_views_and_tables_without_a_key_on_old_servers_are_read_in_one_piece()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        SourceTableColumn[] columns = [new("id", 1, "integer", 23, -1, Nullable: false)];
        foreach (var (table, rule) in new (SourceTable, ChunkRule)[]
        {
            (Table(columns, pages: 8_191), new ChunkRule.Automatic()),
            (Table(columns, pages: 2 * 8_191), new ChunkRule.Automatic()),
            (Table(columns) with { Kind = 'v', Parts = [] }, new ChunkRule.Count(8)),
            (Table(columns) with { ServerVersion = 130_000 }, new ChunkRule.Count(8)),
            (Table(columns) with { ServerVersion = 130_000, UniqueKeys = [["id"]] }, new ChunkRule.Count(8)), // no statistics
        })
        {
            (await source.PlanAsync(table, rule, connections: 8)).ShouldHaveSingleItem().ToString().ShouldBe(ChunkPart.Everything);
        }

        (await source.PlanAsync(Table(columns, pages: 1 << 20), new ChunkRule.Automatic(), connections: 1)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Rows_that_are_kept_elsewhere_are_read_by_one_connection_because_no_snapshot_holds_for_them()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false)]);
        var parted = table with { Kind = 'p', Parts = [Part("one", 1 << 20), Part("two", 0) with { Kind = 'f' }] };
        foreach (var foreign in new[] { table with { Kind = 'f' }, parted })
        {
            (await source.PlanAsync(foreign, new ChunkRule.Automatic())).Count.ShouldBe(1);
            (await source.PlanAsync(foreign, new ChunkRule.Count(8))).Count.ShouldBe(1);
            (await source.PlanAsync(foreign, new ChunkRule.Bounds("id", 0, 100, 4))).ShouldHaveSingleItem().ToString().ShouldBe(ChunkPart.Everything);
        }
    }

    [Theory]
    [InlineData(3, 8)]
    [InlineData(17, 4)]
    [InlineData(400, 4)]
    [InlineData(100_000, 2)]
    [InlineData(524_288, 16)]
    public async Task Automatic_chunks_shrink_so_that_connections_which_take_them_in_turn_end_together(int gross, int connections)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        var pages = gross * 8_192L;
        var chunks = await source.PlanAsync(Table([], pages: pages), new ChunkRule.Automatic(), connections: connections);
        var starts = chunks.Select(chunk => chunk.Number == 0 ? 0 : long.Parse(chunk.ToString()["ctid >= '(".Length..].Split(',')[0], System.Globalization.CultureInfo.InvariantCulture)).Append(pages).ToList();
        var sizes = starts.Zip(starts.Skip(1), (from, to) => to - from).ToList();
        sizes.ShouldAllBe(size => size >= 8_192);
        sizes[0].ShouldBeLessThanOrEqualTo(Math.Max(8_192, (pages / (2 * connections)) + 1));
        sizes.SkipLast(1).Zip(sizes.Skip(1).SkipLast(1)).ShouldAllBe(pair => pair.Second <= pair.First + 1);
        chunks.Count.ShouldBeLessThanOrEqualTo(8 * connections);

        // Each connection takes the next chunk when it is done.
        var busy = new long[connections];
        foreach (var size in sizes)
        {
            busy[Array.IndexOf(busy, busy.Min())] += size;
        }

        (busy.Max() - busy.Min()).ShouldBeLessThanOrEqualTo(2 * Math.Max(8_192, pages / (32 * connections)) + 2);
    }

    [Theory]
    [InlineData("gone", 0, 9, SourceErrorKind.Missing, "public.things has no column gone to cut it into chunks by. Name one of id, price under 'chunks'")]
    [InlineData("name", 0, 9, SourceErrorKind.Unfit, "The column name of public.things, which is to cut it into chunks, is of type text, not a number. Name one of id, price")]
    [InlineData("handle", 0, 9, SourceErrorKind.Unfit, "The column handle of public.things, which is to cut it into chunks, is of type oid, not a number.")]
    [InlineData("id", 9, 0, SourceErrorKind.Unfit, "The lower bound 9 of the chunks of public.things is above the upper bound 0")]
    public async Task A_rule_that_does_not_fit_the_table_is_refused(string column, long lower, long upper, SourceErrorKind kind, string message)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false), new("name", 2, "text", 25, -1, Nullable: true), new("price", 3, "numeric", 1700, -1, Nullable: true), new("handle", 4, "oid", 26, -1, Nullable: true)]);
        var error = await Should.ThrowAsync<SourceException>(() => source.PlanAsync(table, new ChunkRule.Bounds(column, lower, upper, 4)));
        error.Kind.ShouldBe(kind);
        error.Message.ShouldStartWith(message);
    }

    [Fact]
    public async Task Each_chunk_is_given_its_part_of_the_rows_as_far_as_they_are_known()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await using var source = await PlannedSource.OpenAsync(database);
        var table = Table([new("id", 1, "integer", 23, -1, Nullable: false)]);
        (await source.PlanAsync(table, new ChunkRule.Bounds("id", 1, 100, 4))).ShouldAllBe(chunk => chunk.Rows == 2_500);
        (await source.PlanAsync(table with { Parts = [table.Parts[0] with { Rows = null }] }, new ChunkRule.Bounds("id", 1, 100, 4))).ShouldAllBe(chunk => chunk.Rows == null);
    }

    private static SourceTable Table(SourceTableColumn[] columns, long pages = 1_000) => new(new TableName("public", "things"), 1, 'r', [Part("things", pages)], 150_000, columns, []);

    private static SourcePart Part(string name, long pages) => new(new TableName("public", name), 'r', pages, pages, Rows: pages * 10, CanRead: true);
}
