using System.Reflection;
using DataLake.Contracts;
using DataLake.Iceberg.Operations;
using DataLake.Ledger.Model;
using DataLake.ServiceDefaults.Messaging;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.Messaging;

public sealed class MessagingTests(TestPostgres postgres)
{
    [Fact]
    public async Task Messages_doubled_late_and_in_any_order_give_the_same_result()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL); INSERT INTO items SELECT i, '2026-01-10 06:00Z'::timestamptz + i * interval '1 minute' FROM generate_series(0, 359) i");
        lake.Define(" - { table: items, cursor: at, window: 30m, start: 2026-01-10T06:00:00Z, concurrency: 3 }");
        await lake.StartAsync();
        await lake.RoundAsync();
        var random = new Random(42);
        var runs = (await lake.AllRunsAsync()).Select(run => run.Id).ToArray();
        while ((await lake.AllRunsAsync()).Any(run => run.Status != RunStatus.Committed))
        {
            random.Shuffle(runs);
            foreach (var run in runs.Concat(runs))
            {
                object message = random.Next(3) switch { 0 => new ExtractWindow(run), 1 => new WindowExtracted(run), _ => new TableCommitted(run, "test", "public.items") };
                await lake.PublishAsync(message);
            }

            await lake.QuietAsync();
            await lake.RoundAsync();
        }

        (await lake.ColumnAsync("public.items", "id")).ShouldBe([.. Enumerable.Range(0, 360)]);
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Attempt == 1);
        var snapshots = (await lake.TableAsync("public.items")).ShouldNotBeNull().Metadata.Snapshots;
        snapshots.SelectMany(RunSummary.RunsOf).Order().ShouldBe((await lake.AllRunsAsync()).Select(run => run.Id.ToString()).Order());
        (await lake.NoticesAsync()).Count(notice => notice.Event == NoticeEvent.Succeeded).ShouldBe(12);
        lake.FilesOnDisk().Count.ShouldBe(12);
    }

    [Fact]
    public async Task A_message_for_a_run_that_is_not_there_is_harmless()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, "CREATE TABLE items (id int)");
        lake.Define(" - { table: items }");
        await lake.StartAsync();
        foreach (var nothing in new[] { Guid.Empty, Guid.NewGuid() })
        {
            await lake.PublishAsync(new ExtractWindow(nothing));
            await lake.PublishAsync(new WindowExtracted(nothing));
            await lake.PublishAsync(new TableCommitted(nothing, "", ""));
        }

        await lake.SettleAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Committed);
        lake.Logs.Lines.Where(line => line.Level >= LogLevel.Warning).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_loop_makes_rounds_by_itself_and_survives_a_ledger_that_breaks_off()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres,
            "CREATE TABLE items (id int PRIMARY KEY, at timestamptz NOT NULL); INSERT INTO items VALUES (1, '2026-01-10 09:30Z'), (2, '2026-01-10 12:30Z')");
        lake.Settings["Scheduler:Once"] = "false";
        lake.Define(" - { table: items, cursor: at, window: 1h, start: 2026-01-10T09:00:00Z }", schedule: "rate(1 minute)");
        await lake.StartAsync();
        await Eventually.Async(async () => (await TickAsync(lake)).Count(run => run.Status == RunStatus.Committed) == 3);

        await lake.Ledger.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'DataLake ledger'");
        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await Eventually.Async(async () => (await TickAsync(lake)).Count(run => run.Status == RunStatus.Committed) == 4);
        (await lake.ColumnAsync("public.items", "id")).ShouldBe([1, 2]);
        lake.Logs.Lines.ShouldNotContain(line => line.Text.Contains("A round of the scheduler failed", StringComparison.Ordinal));
    }

    [Fact]
    public void A_transport_that_is_not_known_is_refused_with_those_that_are()
    {
        var builder = new HostApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration["DataLake:Transport"] = "pigeons";
        builder.AddConsumersFrom(Assembly.GetExecutingAssembly());
        var error = Should.Throw<InvalidOperationException>(builder.AddMessaging);
        error.Message.ShouldContain("pigeons");
        error.Message.ShouldContain("in-memory");
    }

    [Theory]
    [InlineData("DataLake:Lease", "00:00:00", "DataLake:Lease")]
    [InlineData("DataLake:Tick", "-00:00:01", "DataLake:Tick")]
    public async Task A_setting_that_cannot_work_is_refused_at_the_start(string setting, string value, string named)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres);
        lake.Settings[setting] = value;
        var error = await Should.ThrowAsync<Exception>(lake.StartAsync);
        error.Message.ShouldContain(named);
    }

    private static async Task<List<Run>> TickAsync(LakeSystem lake)
    {
        lake.Time.Advance(TimeSpan.FromSeconds(1));
        try
        {
            return await lake.AllRunsAsync();
        }
        catch (Exception error) when (DataLake.Ledger.LedgerException.IsTrouble(error))
        {
            return [];
        }
    }
}
