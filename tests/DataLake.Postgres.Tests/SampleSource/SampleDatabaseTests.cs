using DataLake.SampleSource;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.SampleSource;

public sealed class SampleDatabaseTests(TestPostgres postgres)
{
    private static readonly SampleOptions Options = new() { Rows = 10_003, Seed = 7, AsOf = new DateTimeOffset(2025, 6, 1, 12, 0, 0, TimeSpan.Zero) };

    [Fact]
    public async Task The_same_seed_and_moment_give_the_same_contents()
    {
        var first = await ContentsAsync(Options);

        (await ContentsAsync(Options)).ShouldBe(first);
        (await ContentsAsync(Options with { Seed = 8 })).ShouldAllBe(hash => !first.Contains(hash));
    }

    [Fact]
    public async Task Rows_are_split_over_the_tables_within_the_thirty_days()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        var progress = new List<long>();

        (await SampleDatabase.CreateAsync(database.ConnectionString, Options, new Reports(progress))).ShouldBeTrue();

        progress[^1].ShouldBe(Options.Rows);
        foreach (var (table, rows) in new[] { ("deposits", 1_000L), ("investments", 1_000L), ("loans", 1_000L), ("shipments", 7_003L) })
        {
            (await database.ScalarAsync<long>($"SELECT count(*) FROM {table}")).ShouldBe(rows);
            (await database.ScalarAsync<bool>(
                $"SELECT bool_and(created_at > '2025-05-02 11:59Z' AND created_at <= updated_at AND updated_at <= '2025-06-01 12:00Z') FROM {table}"))
                .ShouldBeTrue();
            (await database.ScalarAsync<long>($"SELECT count(DISTINCT updated_at::date) FROM {table}")).ShouldBe(31);
            (await database.ScalarAsync<long>($"SELECT count(*) FROM pg_indexes WHERE tablename = '{table}' AND indexdef LIKE '%(updated_at)'")).ShouldBe(1);
        }

        (await database.ScalarAsync<long>("SELECT count(*) FROM information_schema.columns WHERE table_name = 'shipments'")).ShouldBe(22);
        (await database.ScalarAsync<long>("SELECT count(*) FROM shipments WHERE export_country IS NULL")).ShouldBeInRange(1, 7_002);
        (await database.ScalarAsync<long>("INSERT INTO shipments SELECT (jsonb_populate_record(s, jsonb_build_object('shipment_id', nextval(pg_get_serial_sequence('shipments', 'shipment_id'))))).* FROM shipments s LIMIT 1 RETURNING shipment_id"))
            .ShouldBe(7_004);
    }

    [Fact]
    public async Task A_source_that_is_there_is_left_as_it_is()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await SampleDatabase.CreateAsync(database.ConnectionString, Options with { Rows = 100 });
        await database.ExecuteAsync("DELETE FROM loans WHERE loan_id = 1");

        (await SampleDatabase.CreateAsync(database.ConnectionString, Options)).ShouldBeFalse();

        (await database.ScalarAsync<long>("SELECT count(*) FROM loans")).ShouldBe(9);
    }

    [Fact]
    public async Task A_creation_that_was_broken_off_left_nothing_and_is_done_anew()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        using var cancel = new CancellationTokenSource();

        await Should.ThrowAsync<OperationCanceledException>(
            () => SampleDatabase.CreateAsync(database.ConnectionString, Options, new CancelOnReport(cancel), cancel.Token));

        (await database.ScalarAsync<long>("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).ShouldBe(0);
        (await SampleDatabase.CreateAsync(database.ConnectionString, Options)).ShouldBeTrue();
    }

    [Fact]
    public async Task Tables_of_somebody_else_are_not_touched()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE loans (id int)");

        var error = await Should.ThrowAsync<InvalidOperationException>(() => SampleDatabase.CreateAsync(database.ConnectionString, Options));

        error.Message.ShouldContain("loans");
    }

    [Fact]
    public async Task Numbers_arrive_as_they_were_written()
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await database.ExecuteAsync("CREATE TABLE numbers (n numeric, code text)");
        (long Unscaled, int Scale, string Text)[] numbers =
        [
            (0, 0, "0"), (0, 2, "0.00"), (5, 2, "0.05"), (-5, 2, "-0.05"), (10_000, 0, "10000"), (10_000, 4, "1.0000"), (99_999_999, 4, "9999.9999"),
            (123_456_789_012_345, 2, "1234567890123.45"), (1, 6, "0.000001"), (-100_000_001, 5, "-1000.00001"), (long.MaxValue, 3, "9223372036854775.807"),
        ];
        var rows = new CopyRowBuffer();
        rows.Begin();
        foreach (var (unscaled, scale, _) in numbers)
        {
            rows.StartRow(2);
            rows.Numeric(unscaled, scale);
            rows.Code("N", 42, 5);
        }

        rows.End();
        await using (var connection = await database.DataSource.OpenConnectionAsync())
        {
            await using var copy = await connection.BeginRawBinaryCopyAsync("COPY numbers FROM STDIN (FORMAT binary)");
            await copy.WriteAsync(rows.Written);
        }

        (await database.ScalarAsync<string>("SELECT string_agg(n::text, ' ') FROM numbers")).ShouldBe(string.Join(' ', numbers.Select(n => n.Text)));
        (await database.ScalarAsync<string>("SELECT min(code) FROM numbers")).ShouldBe("N00042");
    }

    private async Task<string[]> ContentsAsync(SampleOptions options)
    {
        await using var database = await postgres.CreateDatabaseAsync();
        await SampleDatabase.CreateAsync(database.ConnectionString, options);
        var hashes = new List<string>();
        foreach (var table in SampleDatabase.Tables)
        {
            hashes.Add(await database.ScalarAsync<string>($"SELECT md5(string_agg(t::text, ' ' ORDER BY t.*)) FROM {table} t"));
        }

        return [.. hashes];
    }

    private sealed class Reports(List<long> seen) : IProgress<long>
    {
        public void Report(long value) => seen.Add(value);
    }

    private sealed class CancelOnReport(CancellationTokenSource cancel) : IProgress<long>
    {
        public void Report(long value) => cancel.Cancel();
    }
}
