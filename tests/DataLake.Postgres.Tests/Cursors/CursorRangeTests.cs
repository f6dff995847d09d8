using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Cursors;

public sealed class CursorRangeTests(TestPostgres postgres)
{
    private static readonly DateTimeOffset Start = new(2024, 3, 31, 10, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("timestamptz", "\"at\" >= timestamptz '2024-03-31 10:00:00.000000+00' AND \"at\" < timestamptz '2024-03-31 11:00:00.000000+00'")]
    [InlineData("timestamp", "\"at\" >= timestamp '2024-03-31 12:00:00.000000' AND \"at\" < timestamp '2024-03-31 13:00:00.000000'")]
    [InlineData("date", "\"at\" >= timestamp '2024-03-31 00:00:00.000000'::date AND \"at\" < timestamp '2024-03-31 00:00:00.000000'::date")]
    public void A_window_is_half_open_in_the_columns_own_type(string type, string predicate) =>
        Range(type, new Window(Start, Start.AddHours(1))).Predicate.ShouldBe(predicate);

    [Fact]
    public void A_window_from_the_beginning_has_only_an_end()
    {
        var range = Range("timestamptz", new Window(Window.Beginning, Start));
        range.HasStart.ShouldBeFalse();
        range.Predicate.ShouldBe("\"at\" < timestamptz '2024-03-31 10:00:00.000000+00'");
    }

    [Theory]
    [InlineData("timestamptz")]
    [InlineData("timestamp")]
    [InlineData("date")]
    public async Task Windows_that_follow_one_another_read_every_row_once(string type)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync(
            $"""
            SELECT setseed(0.1);
            CREATE TABLE things (at {type});
            INSERT INTO things SELECT (timestamp '2024-03-31 10:00' + (random() * 7200000000)::bigint * interval '1 microsecond') FROM generate_series(1, 2000);
            INSERT INTO things SELECT (timestamp '2024-03-31 10:00' + g * interval '1 minute') FROM generate_series(-200, 200) g;
            INSERT INTO things VALUES ('-infinity'), ('4713-01-01 BC'), ('9998-12-31 23:59:59');
            """);
        var random = new Random(5);
        var cuts = Enumerable.Range(0, 40).Select(_ => Start.AddTicks(random.NextInt64(TimeSpan.TicksPerDay))).Prepend(Window.Beginning).Append(DateTimeOffset.MaxValue).Distinct().Order().ToArray();
        var predicates = cuts.Zip(cuts.Skip(1), (from, to) => Range(type, new Window(from, to)).Predicate);
        var times = string.Join(" + ", predicates.Select(predicate => $"CASE WHEN {predicate} THEN 1 ELSE 0 END"));
        (await database.ScalarAsync<long>($"SELECT count(*) FROM things WHERE {times} <> 1")).ShouldBe(0);
    }

    [Fact]
    public async Task A_name_cannot_break_out_of_the_condition()
    {
        const string name = "at\" < now() OR TRUE; DROP TABLE things; --";
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync($"CREATE TABLE things ({TableName.Quote(name)} timestamptz); INSERT INTO things VALUES ('2000-01-01'), (NULL)");
        var table = Table(new SourceTableColumn(name, 1, "timestamp with time zone", 1184, -1, Nullable: true));
        var range = CursorRange.Of(table, name, new Window(Start, Start.AddHours(1)), instant => instant.DateTime);
        (await database.ScalarAsync<long>($"SELECT count(*) FROM things WHERE {range.Predicate}")).ShouldBe(0);
        await using var connection = await new SourceConnections(database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None);
        (await Should.ThrowAsync<SourceException>(() => range.RefuseNullsAsync(connection, CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Unfit);
        (await database.ScalarAsync<long>("SELECT count(*) FROM things")).ShouldBe(2);
    }

    [Fact]
    public async Task Rows_without_a_cursor_are_refused_with_what_to_run()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE things (at timestamptz); INSERT INTO things VALUES (now())");
        await using var connection = await new SourceConnections(database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None);
        var range = Range("timestamptz", new Window(Start, Start.AddHours(1)));
        await range.RefuseNullsAsync(connection, CancellationToken.None);
        await database.ExecuteAsync("INSERT INTO things VALUES (NULL)");
        var error = await Should.ThrowAsync<SourceException>(() => range.RefuseNullsAsync(connection, CancellationToken.None));
        error.Message.ShouldContain("ALTER TABLE \"public\".\"things\" ALTER \"at\" SET NOT NULL");
        await database.ExecuteAsync("DROP TABLE things");
        (await Should.ThrowAsync<SourceException>(() => range.RefuseNullsAsync(connection, CancellationToken.None))).Kind.ShouldBe(SourceErrorKind.Missing);
    }

    [Fact]
    public void A_cursor_that_is_no_time_is_refused_with_columns_that_are()
    {
        var table = Table(new("id", 1, "integer", 23, -1, Nullable: false), new("at", 2, "date", 1082, -1, Nullable: false));
        var window = new Window(Start, Start.AddHours(1));
        var unfit = Should.Throw<SourceException>(() => CursorRange.Of(table, "id", window, instant => instant.DateTime));
        unfit.Kind.ShouldBe(SourceErrorKind.Unfit);
        unfit.Message.ShouldContain("is of type integer, which does not order rows in time. Columns that can be its cursor: at.");
        Should.Throw<SourceException>(() => CursorRange.Of(table, "At", window, instant => instant.DateTime)).Kind.ShouldBe(SourceErrorKind.Missing);
        Should.Throw<SourceException>(() => CursorRange.Of(Table(), "at", window, instant => instant.DateTime)).Message.ShouldContain("leave the cursor out");
    }

    private static CursorRange Range(string type, Window window)
    {
        var typeId = type switch { "timestamptz" => 1184u, "timestamp" => 1114u, _ => 1082u };
        return CursorRange.Of(Table(new SourceTableColumn("at", 1, type, typeId, -1, Nullable: true)), "at", window, instant => instant < DateTimeOffset.MaxValue.AddDays(-1) && instant > DateTimeOffset.MinValue ? instant.UtcDateTime.AddHours(2) : instant.UtcDateTime);
    }

    private static SourceTable Table(params SourceTableColumn[] columns) => new(new TableName("public", "things"), 1, 'r', [], 150_000, columns, []);
}
