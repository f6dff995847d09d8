using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Services.Tests.Scheduler;

public sealed class BackfillTests(TestPostgres postgres)
{
    private const string Items =
        "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL); INSERT INTO items VALUES (1, '2026-01-10T08:30:00Z'), (2, '2026-01-10T09:30:00Z'), (3, '2026-01-10T11:30:00Z');";

    private static readonly DateTimeOffset Noon = LakeSystem.Noon;

    [Fact]
    public async Task An_appending_backfill_reads_whole_windows_again_and_replaces_them_also_those_that_were_empty()
    {
        await using var lake = await LoadedAsync("");
        // Committed late, into a window that was empty and one that was not.
        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (4, '2026-01-10T09:45:00Z'), (5, '2026-01-10T10:30:00Z'), (6, '2026-01-10T11:45:00Z')");
        await lake.BackfillAsync("public.items", Noon.AddHours(-3).AddMinutes(20), Noon.AddHours(-1).AddMinutes(-10));
        await lake.SettleAsync();

        (await BackfillRunsAsync(lake)).Select(run => run.Window).ShouldBe([Hour(9), Hour(10)]);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3, 4, 5]); // 6 was not asked for.
        await lake.BackfillAsync("public.items", Noon.AddHours(-1), Noon.AddYears(1));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task A_backfill_of_the_last_window_works_though_that_brought_no_rows()
    {
        await using var lake = await LoadedAsync("");
        await lake.Source.ExecuteAsync("DELETE FROM items WHERE id = 3");
        await lake.BackfillAsync("public.items", Noon.AddHours(-1), Noon);
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2]);

        await lake.Source.ExecuteAsync("INSERT INTO items VALUES (7, '2026-01-10T11:59:59Z')");
        await lake.BackfillAsync("public.items", Noon.AddHours(-1), Noon);
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 7]);
    }

    [Fact]
    public async Task A_window_is_replaced_also_in_files_that_maintenance_merged()
    {
        await using var lake = await LoadedAsync("");
        (await lake.CompactAsync("public.items")).ShouldBe(3);
        await lake.Source.ExecuteAsync("DELETE FROM items WHERE id = 2; INSERT INTO items VALUES (4, '2026-01-10T09:00:00Z'), (5, '2026-01-10T09:59:59.999999Z'), (6, '2026-01-10T10:00:00Z')");
        await BackfilledAsync(lake, Noon.AddHours(-3), Noon.AddHours(-2));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 3, 4, 5]); // 6 is of the next window.

        await lake.CompactAsync("public.items");
        await BackfilledAsync(lake, Noon.AddHours(-3), Noon.AddHours(-1));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 3, 4, 5, 6]);
        await lake.Source.ExecuteAsync("DELETE FROM items WHERE at < '2026-01-10T10:00:00Z'");
        await lake.CompactAsync("public.items");
        await BackfilledAsync(lake, Noon.AddHours(-4), Noon.AddHours(-2)); // Reads no row.
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([3, 6]);
    }

    [Fact]
    public async Task A_cursor_without_zone_is_replaced_by_the_windows_it_was_read_by_where_clocks_change()
    {
        // In Amsterdam 2025-10-26 03:00 became 02:00: the rows of that hour are read when it is over for the second time.
        await using var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, at timestamp NOT NULL);
            INSERT INTO items SELECT row_number() OVER (), t FROM generate_series('2025-10-26 00:00'::timestamp, '2025-10-26 05:00', interval '10 minutes') t;
            """);
        lake.Define(" - { table: items, cursor: { column: at, timezone: Europe/Amsterdam }, window: 30m, start: 2025-10-25T20:00:00Z }");
        await lake.SetSourceClockAsync(new DateTimeOffset(2025, 10, 26, 5, 0, 0, TimeSpan.Zero));
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.CompactAsync("public.items")).ShouldBeGreaterThan(5);

        await lake.Source.ExecuteAsync("DELETE FROM items WHERE at IN ('2025-10-26 02:00', '2025-10-26 02:20'); INSERT INTO items VALUES (100, '2025-10-26 02:10'), (101, '2025-10-26 02:40')");
        var midnight = new DateTimeOffset(2025, 10, 26, 0, 0, 0, TimeSpan.Zero);
        List<object?> expected = [.. Enumerable.Range(1, 31).Except([13, 15]), 100];
        await BackfilledAsync(lake, midnight, midnight.AddHours(1.5));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe(expected);
        await BackfilledAsync(lake, midnight.AddHours(1.5), midnight.AddHours(2));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([.. expected, 101]);
    }

    [Fact]
    public async Task A_day_is_replaced_by_the_window_in_which_it_ends()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, day date NOT NULL); INSERT INTO items VALUES (7, '2026-01-07'), (8, '2026-01-08'), (9, '2026-01-09'), (10, '2026-01-10')");
        lake.Define(" - { table: items, cursor: { column: day, timezone: Asia/Tokyo }, window: 6h, start: 2026-01-06T00:00:00Z }");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([7, 8, 9]);
        (await lake.CompactAsync("public.items")).ShouldBe(3);

        // In Tokyo the 8th ends at 15:00 UTC.
        await lake.Source.ExecuteAsync("DELETE FROM items WHERE id = 8; INSERT INTO items VALUES (81, '2026-01-08'), (82, '2026-01-08'), (91, '2026-01-09')");
        var day = new DateTimeOffset(2026, 1, 8, 0, 0, 0, TimeSpan.Zero);
        await BackfilledAsync(lake, day, day.AddHours(12));
        await BackfilledAsync(lake, day.AddHours(18), day.AddHours(30));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([7, 8, 9]);
        await BackfilledAsync(lake, day.AddHours(12), day.AddHours(18));
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([7, 9, 81, 82]);
    }

    [Theory]
    [InlineData("text", "its cursor 'at' is kept as string")]
    [InlineData("null", "has rows without a value in the cursor 'at'")]
    public async Task Rows_that_a_window_cannot_tell_apart_are_left_and_the_backfill_is_refused(string infinity, string reason)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items + "INSERT INTO items VALUES (4, '-infinity')");
        lake.Define($" - {{ table: items, cursor: at, types: {{ infinity: {infinity} }} }}");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.BackfillAsync("public.items", Noon.AddHours(-3), Noon);
        await lake.SettleAsync();

        var refused = (await BackfillRunsAsync(lake)).ShouldHaveSingleItem();
        (refused.Status, refused.Error!.Contains(reason, StringComparison.Ordinal)).ShouldBe((RunStatus.Failed, true), refused.Error);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task Two_backfills_of_one_range_are_done_one_after_the_other_and_double_nothing()
    {
        await using var lake = await LoadedAsync("");
        await lake.BackfillAsync("public.items", Noon.AddHours(-4), Noon);
        await lake.RoundAsync(); // The first is planned by the definition of now, the second by the one of then.
        lake.Define(" - { table: items, cursor: at, window: 2h, start: 2026-01-10T08:00:00Z }");
        await lake.BackfillAsync("public.items", Noon.AddHours(-4), Noon);
        await lake.SettleAsync();

        (await BackfillRunsAsync(lake)).Select(run => run.BackfillId).Distinct().Count().ShouldBe(2);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task An_upserting_backfill_reads_the_range_in_windows_and_not_beyond_what_is_planned()
    {
        await using var lake = await LoadedAsync(", key: [id]");
        await lake.BackfillAsync("public.items", Noon.AddHours(-3).AddMinutes(20), Noon.AddDays(1));
        await lake.SettleAsync();

        (await BackfillRunsAsync(lake)).Select(run => run.Window).ShouldBe(
            [new Window(Noon.AddHours(-3).AddMinutes(20), Noon.AddHours(-2)), Hour(10), Hour(11)]);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_backfill_that_cannot_be_is_refused_with_its_reason_and_the_others_are_planned()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items + "CREATE TABLE whole (id int)");
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T08:00:00Z }\n - { table: whole }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.BackfillAsync("public.unknown", Noon.AddHours(-1), Noon);
        await lake.BackfillAsync("public.whole", Noon.AddHours(-1), Noon);
        await lake.BackfillAsync("no name at all", Noon.AddHours(-1), Noon);
        await lake.BackfillAsync("public.items", Noon, Noon.AddHours(1));
        await lake.BackfillAsync("public.items", DateTimeOffset.MinValue.AddYears(1), Noon);
        await lake.BackfillAsync("public.items", Noon.AddHours(-1), Noon);
        await lake.SettleAsync();

        var errors = await lake.ReadLedgerAsync(context => context.Backfills.OrderBy(row => row.Table).ThenBy(row => row.RangeFrom).Select(row => row.Error).ToListAsync());
        errors.Count.ShouldBe(6);
        errors.Count(error => error is null).ShouldBe(1);
        errors.Count(error => error?.Contains("No definition in force has a table", StringComparison.Ordinal) == true).ShouldBe(3);
        errors.Count(error => error?.Contains("is loaded by its schedule", StringComparison.Ordinal) == true).ShouldBe(1);
        errors.Count(error => error?.Contains("more than 100000 windows", StringComparison.Ordinal) == true).ShouldBe(1);
        (await BackfillRunsAsync(lake)).ShouldHaveSingleItem().Status.ShouldBe(RunStatus.Committed);
    }

    [Fact]
    public async Task A_backfill_of_what_is_planned_but_not_loaded_yet_is_refused()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: missing, window: 1h, start: 2026-01-10T08:00:00Z }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.BackfillAsync("public.items", Noon.AddHours(-3), Noon.AddHours(-2));
        await lake.SettleAsync();
        (await lake.ReadLedgerAsync(context => context.Backfills.SingleAsync())).Error.ShouldNotBeNull().ShouldContain("no committed window");
    }

    private static Window Hour(int hour) => new(Noon.AddHours(hour - 12), Noon.AddHours(hour - 11));

    private static async Task BackfilledAsync(LakeSystem lake, DateTimeOffset from, DateTimeOffset to)
    {
        await lake.BackfillAsync("public.items", from, to);
        await lake.SettleAsync();
        (await BackfillRunsAsync(lake)).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }

    private static async Task<List<Run>> BackfillRunsAsync(LakeSystem lake) => [.. (await lake.AllRunsAsync()).Where(run => run.Kind == RunKind.Backfill)];

    private async Task<LakeSystem> LoadedAsync(string more)
    {
        var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define($" - {{ table: items, cursor: at, window: 1h, start: 2026-01-10T08:00:00Z{more} }}");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2, 3]);
        return lake;
    }
}
