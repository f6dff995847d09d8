using DataLake.CatalogUpdater.Maintenance;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Operations;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>A whole lake whose tables are known to somebody else's REST catalog.</summary>
public sealed class LakeInRestCatalogTests(TestPostgres postgres)
{
    private const string Table = "public.items";

    [Fact]
    public async Task Runs_become_part_of_tables_of_the_catalog_that_the_settings_name()
    {
        await using var server = await CatalogServer.StartAsync("s3cret");
        await using var lake = await LoadedAsync(server);
        for (var hour = 12; hour < 15; hour++)
        {
            await lake.Source.ExecuteAsync($"UPDATE items SET note = 'new', at = '2026-01-10 {hour}:00:30Z' WHERE id % 10 = 0");
            await lake.AdvanceAsync(TimeSpan.FromHours(1));
            await lake.SettleAsync();
        }

        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await lake.RowsAsync(Table)).Select(row => ((int)row["id"]!, (string)row["note"]!)).Order().ShouldBe(Enumerable.Range(1, 20).Select(id => (id, id % 10 == 0 ? "new" : "old")));
        var table = (await server.Catalog.LoadTableAsync(new TableIdentifier("test", "items"), default)).ShouldNotBeNull();
        table.Metadata.Properties["datalake.source-table"].ShouldBe(Table);
        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM iceberg.iceberg_tables")).ShouldBe(0);
        server.Requests.ShouldAllBe(request => request.Headers["Authorization"] == "Bearer s3cret");

        // Its tables are looked after too.
        (await lake.CompactAsync(Table)).ShouldBe(4);
        lake.Time.Advance(TimeSpan.FromHours(1));
        (await lake.Services.GetRequiredService<TableMaintainer>().RunAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
        (await lake.Ledger.ScalarAsync<long>("SELECT count(*) FROM datalake.table_maintenance WHERE error IS NULL AND ended_at IS NOT NULL")).ShouldBeGreaterThan(0);
        (await lake.RowsAsync(Table)).Count.ShouldBe(20);
    }

    [Fact]
    public async Task A_catalog_that_answers_an_error_after_it_committed_leaves_each_run_in_its_table_once()
    {
        await using var server = await CatalogServer.StartAsync("s3cret");
        await using var lake = await LoadedAsync(server);
        var losses = 0;
        server.AfterCommit = context =>
        {
            if (losses++ == 0)
            {
                context.Abort();
                context.RequestAborted.ThrowIfCancellationRequested();
            }
        };
        await lake.Source.ExecuteAsync("INSERT INTO items SELECT id, 'more', '2026-01-10 12:00:30Z' FROM generate_series(21, 30) id");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await lake.RoundAsync();
        await Eventually.Async(() => Task.FromResult(losses > 0), TimeSpan.FromSeconds(60));
        await Eventually.Async(async () =>
        {
            // What is due is sent again after a while.
            await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
            await lake.RoundAsync();
            return (await lake.AllRunsAsync()).All(run => run.Status == RunStatus.Committed) && (await lake.RowsAsync(Table)).Count == 30;
        }, TimeSpan.FromSeconds(60));

        (await lake.RowsAsync(Table)).Count.ShouldBe(30);
        var runs = (await lake.TableAsync(Table))!.Metadata.Snapshots.SelectMany(RunSummary.RunsOf).ToList();
        runs.Distinct().Count().ShouldBe(runs.Count);
    }

    [Fact]
    public async Task A_catalog_that_puts_tables_elsewhere_is_an_error_that_says_so()
    {
        await using var server = await CatalogServer.StartAsync("s3cret");
        await using var lake = await LoadedAsync(server, keepsLocations: false);
        var run = await lake.OnlyRunAsync();
        run.Status.ShouldBe(RunStatus.Failed);
        run.Error!.ShouldStartWith("The location 'file:///chosen/items/metadata/");
        run.Error!.ShouldContain("is not in the lake");
    }

    private async Task<LakeSystem> LoadedAsync(CatalogServer server, bool keepsLocations = true)
    {
        server.KeepsLocations = keepsLocations;
        var lake = await LakeSystem.CreateAsync(postgres,
            """
            CREATE TABLE items (id int PRIMARY KEY, note text NOT NULL, at timestamptz NOT NULL);
            INSERT INTO items SELECT id, 'old', '2026-01-10 11:00Z' FROM generate_series(1, 20) id;
            """);
        lake.BySchedule = true;
        lake.WriteSecret("token", "s3cret");
        lake.Settings["DataLake:Catalog:Type"] = "rest";
        lake.Settings["DataLake:Catalog:Uri"] = server.Uri.ToString();
        lake.Settings["DataLake:Catalog:Token"] = $"file:{lake.Folder.In("token")}";
        lake.Define(" - { table: items, cursor: at, key: [id], write: upsert }");
        await lake.StartAsync();
        await lake.SettleAsync();
        return lake;
    }
}
