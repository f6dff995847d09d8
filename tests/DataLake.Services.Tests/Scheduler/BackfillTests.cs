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
