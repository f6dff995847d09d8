using DataLake.CatalogUpdater.Maintenance;
using DataLake.Ledger.Maintenance;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DataLake.Services.Tests.CatalogUpdater;

public sealed class TableMaintainerTests(TestPostgres postgres)
{
    private const string Table = "public.items";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_table_that_was_committed_to_is_looked_at_a_minute_later_and_its_small_files_become_one()
    {
        await using var lake = await LoadedAsync();
        var maintainer = lake.Services.GetRequiredService<TableMaintainer>();
        (await maintainer.RunAsync(Cancellation)).ShouldBe(0);
        await lake.Source.ExecuteAsync("UPDATE items SET note = 'new', at = '2026-01-10 12:00:30Z' WHERE id % 10 = 0; DELETE FROM items WHERE id = 11");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await lake.SettleAsync();
        var before = await lake.RowsAsync(Table);
        (await lake.FilesAsync(Table)).Count.ShouldBe(9);
        (await maintainer.RunAsync(Cancellation)).ShouldBe(1);

        var done = await MaintenanceAsync(lake);
        done.Select(one => one.Operation).Order().ShouldBe(["Compaction", "OrphanRemoval"]);
        done.ShouldAllBe(one => one.Error == null && one.EndedAt != null);
        done.Single(one => one.Operation == "Compaction").Result!.ShouldStartWith("9 data files became 1, 1 delete files left");
        (await lake.TableAsync(Table))!.Metadata.CurrentSnapshot!.Summary["total-data-files"].ShouldBe("1");
        (await lake.RowsAsync(Table)).Select(Text).Order().ShouldBe(before.Select(Text).Order());

        // Nothing was committed since: it is not looked at again at once, and later there is nothing to do but to look for orphans.
        lake.Time.Advance(TimeSpan.FromHours(1));
        (await maintainer.RunAsync(Cancellation)).ShouldBe(0);
        lake.Time.Advance(TimeSpan.FromHours(6));
        (await maintainer.RunAsync(Cancellation)).ShouldBe(1);
        (await MaintenanceAsync(lake)).Count.ShouldBe(2);
    }

    [Fact]
    public async Task Runs_are_committed_while_a_table_is_looked_after_and_one_maintainer_at_a_time_does_it()
    {
        await using var lake = await LoadedAsync();
        await lake.Source.ExecuteAsync("UPDATE items SET note = 'new', at = '2026-01-10 12:00:30Z'");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        var maintainer = lake.Services.GetRequiredService<TableMaintainer>();
        var looks = Enumerable.Range(0, 3).Select(_ => Task.Run(() => maintainer.RunAsync(Cancellation))).ToList();
        await lake.SettleAsync();
        await Task.WhenAll(looks);

        var rows = await lake.RowsAsync(Table);
        rows.Count.ShouldBe(80);
        rows.ShouldAllBe(row => (string)row["note"]! == "new");
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await MaintenanceAsync(lake)).Count(one => one.Operation == "OrphanRemoval").ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_read_is_noted_and_other_tables_are_looked_after()
    {
        await using var lake = await LoadedAsync(" - { table: others, cursor: at, key: [id], window: 1h, start: 2026-01-10T04:00:00Z }");
        File.Delete(Path.Combine(lake.LakeFolder, (await lake.FilesAsync(Table))[0].Path));
        lake.Time.Advance(TimeSpan.FromMinutes(1));
        (await lake.Services.GetRequiredService<TableMaintainer>().RunAsync(Cancellation)).ShouldBe(2);

        (await MaintenanceAsync(lake)).Single(one => one.Operation == "Compaction").Result!.ShouldContain("is not there; restore it");
        (await MaintenanceAsync(lake, "public.others")).Single(one => one.Operation == "Compaction").Result!.ShouldStartWith("8 data files became 1");
    }

    private static string Text(Dictionary<string, object?> row) => string.Join('|', row.OrderBy(cell => cell.Key, StringComparer.Ordinal).Select(cell => $"{cell.Key}={cell.Value}"));

    private static Task<IReadOnlyList<TableMaintenance>> MaintenanceAsync(LakeSystem lake, string table = Table) =>
        lake.Services.GetRequiredService<MaintenanceStore>().LatestAsync(LakeSystem.Pipeline, table, 100, Cancellation);

    /// <summary>Eight windows of ten rows.</summary>
    private async Task<LakeSystem> LoadedAsync(string more = "")
    {
        var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, note text);
            INSERT INTO items SELECT i, '2026-01-10 04:00Z'::timestamptz + i * interval '6 minutes', 'old' FROM generate_series(0, 79) i;
            CREATE TABLE others (LIKE items INCLUDING ALL); INSERT INTO others TABLE items;
            """);
        lake.BySchedule = true;
        lake.Define($" - {{ table: items, cursor: at, key: [id], window: 1h, start: 2026-01-10T04:00:00Z }}\n{more}");
        await lake.StartAsync();
        await lake.SettleAsync();
        return lake;
    }
}
