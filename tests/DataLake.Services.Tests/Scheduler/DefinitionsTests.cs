using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.Scheduler;

public sealed class DefinitionsTests(TestPostgres postgres)
{
    private const string Items = "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL, note text); INSERT INTO items VALUES (1, '2026-01-10T09:30:00Z', 'a');";

    [Fact]
    public async Task A_changed_file_is_a_new_version_for_later_windows_while_planned_runs_keep_theirs()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        await lake.RoundAsync(); // Three windows are planned, the first is sent.
        await lake.QuietAsync();
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z, sensitive: [note] }");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await lake.SettleAsync();

        var runs = await lake.AllRunsAsync();
        runs.Select(run => run.DefinitionVersion).ShouldBe([1, 1, 1, 2]);
        runs.ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await lake.RowsAsync("public.items")).ShouldHaveSingleItem()["note"].ShouldBe("a");
    }

    [Fact]
    public async Task A_failed_window_is_replayed_by_the_definition_that_was_corrected()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: updated, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        await lake.SettleAsync();
        var failed = (await lake.AllRunsAsync())[0];
        failed.Status.ShouldBe(RunStatus.Failed);
        failed.Error.ShouldNotBeNull().ShouldContain("no column updated");

        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();

        (await lake.AllRunsAsync())[0].Id.ShouldBe(failed.Id);
        (await lake.AllRunsAsync())[0].Window.ShouldBe(failed.Window);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1]);
    }

    [Fact]
    public async Task A_broken_file_changes_nothing_and_is_told_of_once()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at }");
        await lake.StartAsync();
        await lake.SettleAsync();
        lake.WriteDefinition("test.yaml", "pipeline: test\ntabels: []\n");
        for (var minute = 0; minute < 3; minute++)
        {
            await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
            await lake.SettleAsync();
        }

        (await lake.AllRunsAsync()).Count.ShouldBe(4);
        lake.Logs.Lines.Count(line => line.Level == LogLevel.Error && line.Text.Contains("tabels", StringComparison.Ordinal)).ShouldBe(1);
        (await lake.ReadLedgerAsync(context => context.Definitions.CountAsync())).ShouldBe(1);
    }

    [Fact]
    public async Task A_scheduler_that_starts_with_a_broken_file_goes_on_with_what_the_ledger_has()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at }");
        await lake.StartAsync();
        await lake.SettleAsync();
        await lake.StopAsync();
        Directory.Delete(lake.Folder.In("pipelines"), recursive: true);

        await lake.StartAsync();
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_pipeline_whose_file_is_gone_is_planned_no_more_but_its_open_runs_are_finished()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        await lake.RoundAsync();
        await lake.QuietAsync();
        File.Delete(lake.Folder.In("pipelines", "test.yaml"));
        lake.WriteDefinition("other.yaml", $"pipeline: other\nsource: {{ connection: \"file:{lake.Folder.In("source")}\" }}\ntables:\n - {{ table: items, schedule: rate(1 day) }}\n");
        await lake.AdvanceAsync(TimeSpan.FromHours(2));
        await lake.SettleAsync();

        var runs = await lake.AllRunsAsync();
        runs.Count.ShouldBe(3);
        runs.ShouldAllBe(run => run.Status == RunStatus.Committed);
    }
}
