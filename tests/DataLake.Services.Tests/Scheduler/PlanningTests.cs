using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.Scheduler;

public sealed class PlanningTests(TestPostgres postgres)
{
    private const string Items = "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL); CREATE TABLE others (id int PRIMARY KEY, at timestamptz NOT NULL);";
    private static readonly DateTimeOffset Noon = LakeSystem.Noon;

    [Fact]
    public async Task A_schedule_that_is_not_due_plans_nothing_and_downtime_is_caught_up_in_order()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }", schedule: "0 * * * *");
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).Count.ShouldBe(3);

        await lake.SetSourceClockAsync(Noon.AddHours(1)); // The source is ahead; the schedule is the services'.
        lake.Time.Advance(TimeSpan.FromMinutes(59));
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).Count.ShouldBe(3);

        await lake.AdvanceAsync(TimeSpan.FromHours(5)); // The system was down.
        await lake.SettleAsync();
        var runs = await lake.AllRunsAsync();
        ShouldFollowEachOther(runs);
        runs[^1].WindowTo.ShouldBe(Noon.AddHours(5));
        runs.ShouldAllBe(run => run.Status == RunStatus.Committed);
        runs.Select(run => run.FinishedAt!.Value).ShouldBeInOrder();
    }

    [Fact]
    public async Task No_window_ends_later_than_the_sources_clock_minus_the_lag()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        await lake.SetSourceClockAsync(Noon.AddMinutes(-30)); // It is behind this machine.
        lake.Define(" - { table: items, cursor: at, lag: 10m }\n - { table: others, cursor: at, window: 1h, lag: 31m }");
        await lake.StartAsync();
        await lake.SettleAsync();

        var runs = await lake.AllRunsAsync();
        runs.Select(run => run.WindowTo).ShouldBe([Noon.AddMinutes(-40), Noon.AddHours(-2)]);
        runs.ShouldAllBe(run => run.Window.IsFromBeginning);
    }

    [Fact]
    public async Task A_long_backlog_is_planned_as_it_is_worked_off()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: at, window: 10m, start: 2026-01-10T00:00:00Z, concurrency: 4 }");
        await lake.StartAsync();

        (await lake.RoundAsync()).Behind.ShouldBe(1);
        (await lake.AllRunsAsync()).Count.ShouldBe(50);
        var last = await lake.SettleAsync();

        (last.Open, last.Behind).ShouldBe((0, 0));
        var runs = await lake.AllRunsAsync();
        runs.Count.ShouldBe(72);
        ShouldFollowEachOther(runs);
    }

    [Fact]
    public async Task A_failed_window_holds_up_later_ones_of_its_table_and_no_other_table_and_is_replayed_at_the_next_tick()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items + "ALTER TABLE items RENAME at TO later");
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }\n - { table: others, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        var round = await lake.SettleAsync();

        (round.Open, round.Behind).ShouldBe((0, 0)); // Nothing goes on without a person or the next tick.
        var items = await lake.AllRunsAsync("public.items");
        items.Select(run => run.Status).ShouldBe([RunStatus.Failed, RunStatus.Planned, RunStatus.Planned]);
        items[1].Attempt.ShouldBe(0);
        (await lake.AllRunsAsync("public.others")).ShouldAllBe(run => run.Status == RunStatus.Committed);

        await lake.Source.ExecuteAsync("ALTER TABLE items RENAME later TO at");
        await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();

        var replayed = await lake.AllRunsAsync("public.items");
        replayed.ShouldAllBe(run => run.Status == RunStatus.Committed);
        (replayed[0].Id, replayed[0].Window, replayed[0].DefinitionVersion).ShouldBe((items[0].Id, items[0].Window, items[0].DefinitionVersion));
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed, NoticeEvent.Recovered]);
    }

    [Fact]
    public async Task A_table_that_keeps_failing_ends_its_rounds_and_is_told_of_once()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres);
        lake.BySchedule = true;
        lake.Define(" - { table: nowhere, cursor: at, window: 1m, start: 2026-01-10T09:00:00Z }");
        await lake.StartAsync();
        for (var tick = 0; tick < 4; tick++)
        {
            await lake.SettleAsync();
            await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        (await lake.AllRunsAsync()).Count.ShouldBe(50);
        (await lake.AllRunsAsync())[0].Attempt.ShouldBe(4);
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed]);
    }

    [Fact]
    public async Task Two_schedulers_that_race_plan_each_window_once()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: at, window: 30m, start: 2026-01-10T00:00:00Z }\n - { table: others, cursor: at }");
        await lake.StartAsync();
        using var other = lake.Compose();
        await other.StartAsync();
        var second = other.Services.GetRequiredService<DataLake.Scheduler.Cycle.SchedulerCycle>();
        for (var hour = 0; hour < 4; hour++)
        {
            var rounds = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(() => (i % 2 == 0 ? lake.Scheduler : second).RunAsync(CancellationToken.None))));
            rounds.Count(round => round is not null).ShouldBeGreaterThan(0);
            await lake.AdvanceAsync(TimeSpan.FromHours(1));
        }

        await lake.SettleAsync();
        ShouldFollowEachOther(await lake.AllRunsAsync("public.items"));
        ShouldFollowEachOther(await lake.AllRunsAsync("public.others"));
        await other.StopAsync();
    }

    [Fact]
    public async Task A_source_that_is_silent_is_told_of_once_asked_with_growing_pauses_and_told_of_when_it_answers()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: at }\n - { table: others, cursor: at }");
        lake.Connect(settings => settings.Database = "nowhere");
        await lake.StartAsync();
        var asked = 0;
        for (var second = 0; second < 20; second++)
        {
            (await lake.RoundAsync()).Silent.ShouldBe([LakeSystem.Pipeline]);
            lake.Connect(settings => settings.Database = $"nowhere {second}"); // What is wrong changes; that it is wrong does not.
            asked = lake.Logs.Lines.Count(line => line.Level == LogLevel.Error && line.Text.Contains("cannot be planned", StringComparison.Ordinal));
            lake.Time.Advance(TimeSpan.FromSeconds(1));
        }

        asked.ShouldBe(4); // At 0, 2, 6 and 14 seconds.
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed]);
        lake.Connect(_ => { });
        lake.Time.Advance(TimeSpan.FromMinutes(1));
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed, NoticeEvent.Recovered]);
        (await lake.NoticesAsync())[0].Text.ShouldContain("Check the database in the source's connection string");
    }

    [Fact]
    public async Task A_failure_that_an_earlier_process_recorded_is_taken_back()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.Define(" - { table: items, cursor: at }");
        File.Delete(lake.Folder.In("source"));
        await lake.StartAsync();
        await lake.RoundAsync();
        (await lake.NoticesAsync()).ShouldHaveSingleItem().Text.ShouldContain(lake.Folder.In("source"));
        await lake.StopAsync();
        lake.Time.Advance(TimeSpan.FromSeconds(1));

        lake.Connect(_ => { });
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.EventsAsync()).ShouldBe([NoticeEvent.Failed, NoticeEvent.Recovered]);
    }

    [Fact]
    public async Task A_table_that_is_late_is_told_of_once_and_once_when_it_has_caught_up()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, Items);
        lake.BySchedule = true;
        lake.Define(" - { table: items, cursor: at, late_after: 15m }", more: "  - { on: [late], log: true }");
        await lake.StartAsync();
        await lake.SettleAsync();
        lake.Connect(settings => settings.Port = 1);
        for (var minute = 0; minute < 40; minute++)
        {
            await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
            await lake.RoundAsync();
        }

        (await lake.EventsAsync()).Order().ShouldBe([NoticeEvent.Failed, NoticeEvent.Late]);
        lake.Connect(_ => { });
        for (var minute = 0; minute < 3; minute++)
        {
            await lake.AdvanceAsync(TimeSpan.FromMinutes(1));
            await lake.SettleAsync();
        }

        (await lake.NoticesAsync()).Where(notice => notice.Key.StartsWith("late/", StringComparison.Ordinal) || notice.Key.StartsWith("on-time/", StringComparison.Ordinal))
            .Select(notice => notice.Event).ShouldBe([NoticeEvent.Late, NoticeEvent.Recovered]);
    }

    private static void ShouldFollowEachOther(List<Run> runs)
    {
        foreach (var (before, after) in runs.Zip(runs.Skip(1)))
        {
            after.WindowFrom.ShouldBe(before.WindowTo);
        }
    }
}
