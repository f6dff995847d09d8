using System.Diagnostics.Metrics;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DataLake.Services.Tests.Extractor;

/// <summary>All runs of a process share one budget of memory.</summary>
public sealed class MemoryBudgetTests(TestPostgres postgres)
{
    // The least that is allowed for rows of 1 MiB: it leaves 8 MiB besides what every run begins with.
    private const string LeastBudget = "92274688";
    private const string OneMebibyte = "1048576";

    // What a writer of so many columns cannot do without takes most of those 8 MiB.
    private const string Wide = "DO $$ BEGIN EXECUTE (SELECT 'CREATE TABLE wide (' || string_agg('c' || i || ' int', ', ') || ')' FROM generate_series(1, 130) i); END $$; INSERT INTO wide (c1) SELECT generate_series(1, 50);";

    [Fact]
    public async Task Shares_keep_what_they_need_give_back_what_they_do_not_and_a_shortage_takes_nothing()
    {
        var budget = new MemoryBudget(Options.Create(new ExtractorOptions()), TimeProvider.System, NullLogger<MemoryBudget>.Instance);
        var rest = budget.MostOfOneRun - MemoryBudget.SmallRun;
        using (var large = await budget.BeginAsync(Guid.NewGuid(), default))
        using (var wide = await budget.BeginAsync(Guid.NewGuid(), default))
        {
            large.Ensure(10 << 20);
            large.Fit(long.MaxValue);
            large.Bytes.ShouldBe(MemoryBudget.SmallRun + (rest / 8 * 7));
            Should.Throw<MemoryShortageException>(() => wide.Ensure(long.MaxValue)).Bytes.ShouldBe(budget.MostOfOneRun);
            wide.Bytes.ShouldBe(MemoryBudget.SmallRun);

            large.Fit(1 << 20);
            large.Bytes.ShouldBe(10 << 20);
            wide.Fit(8 << 20);
            wide.Bytes.ShouldBe(8 << 20);
            budget.Reserved.ShouldBe(18 << 20);
        }

        budget.Reserved.ShouldBe(0);
    }

    [Fact]
    public async Task Eight_runs_at_once_keep_to_the_budget_and_all_come_to_their_end()
    {
        await using var lake = await LakeSystem.CreateAsync(postgres, string.Concat(Enumerable.Range(1, 8).Select(i =>
            $"CREATE TABLE t{i} AS SELECT g AS id, repeat('x', 100) AS word FROM generate_series(1, 2000) g; CREATE VIEW v{i} AS SELECT * FROM t{i} WHERE gate();")));
        lake.Define(string.Join('\n', Enumerable.Range(1, 8).Select(i => $" - {{ table: v{i} }}")), "max_connections: 8, max_runs: 8");
        await lake.StartAsync();
        var budget = lake.Services.GetRequiredService<MemoryBudget>();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync(8);
            // Nobody knows how large a view is, so that each took what it could get before it read.
            budget.Reserved.ShouldBeInRange((8 * MemoryBudget.SmallRun) + 1, budget.Capacity);
        }

        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed && run.Attempt == 1 && run.Rows == 2000);
        await Eventually.Async(() => budget.Reserved == 0);
    }

    [Fact]
    public async Task A_small_run_passes_a_long_load_and_one_that_waits_for_memory_without_a_lease()
    {
        var waits = 0;
        using var listener = new MeterListener { InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument) };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Interlocked.Add(ref waits, instrument.Name == "datalake.extract.memory.waiting" ? (int)value : 0));
        listener.Start();
        await using var lake = await TightAsync(Wide + "CREATE TABLE things AS SELECT generate_series(1, 10) AS id; CREATE VIEW load AS SELECT * FROM things WHERE gate();");
        lake.Define(" - { table: load }");
        await lake.StartAsync();
        var budget = lake.Services.GetRequiredService<MemoryBudget>();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            lake.Define(" - { table: load }\n - { table: wide }");
            await lake.RoundAsync();
            await Eventually.Async(() => budget.Waiting == 1 && Volatile.Read(ref waits) == 1);
            await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("bytes of memory before it is read", StringComparison.Ordinal)));

            // It is free for another worker; and to be told of it again is no reason to do anything.
            await lake.RoundAsync();
            lake.Time.Advance(TimeSpan.FromSeconds(31));
            await lake.RoundAsync();
            lake.Define(" - { table: load }\n - { table: wide }\n - { table: things }");
            await lake.RoundAsync();
            await Eventually.Async(async () => (await lake.AllRunsAsync("public.things")) is [{ Status: RunStatus.Committed, Attempt: 1 }]);
            var waiting = (await lake.AllRunsAsync("public.wide")).ShouldHaveSingleItem();
            (waiting.Status, waiting.Attempt, waiting.FailedAttempts, waiting.LeaseOwner).ShouldBe((RunStatus.Planned, 1, 0, null));
            budget.Waiting.ShouldBe(1);
        }

        await lake.SettleAsync();
        var wide = (await lake.AllRunsAsync("public.wide")).ShouldHaveSingleItem();
        (wide.Status, wide.Attempt, wide.Rows).ShouldBe((RunStatus.Committed, 2, 50));
        await Eventually.Async(() => budget.Reserved == 0);
        waits.ShouldBe(0);
    }

    [Fact]
    public async Task Groups_that_are_read_at_one_instant_take_turns_where_memory_is_short()
    {
        await using var lake = await TightAsync(Wide + "CREATE VIEW gated AS SELECT * FROM wide WHERE gate();");
        lake.BySchedule = true;
        lake.Define(" - { table: wide }\n - { table: gated }", schedule: "rate(1 hour)", more: "one_instant: true");
        lake.WriteDefinition("other.yaml", (await File.ReadAllTextAsync(lake.Folder.In("pipelines", "test.yaml"))).Replace("pipeline: test", "pipeline: other", StringComparison.Ordinal));
        await lake.StartAsync();
        var budget = lake.Services.GetRequiredService<MemoryBudget>();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await Eventually.Async(() => budget.Waiting >= 1);
            await lake.RoundAsync();
            budget.Reserved.ShouldBeLessThanOrEqualTo(budget.Capacity);
        }

        await lake.SettleAsync();
        var runs = await lake.ReadLedgerAsync(context => context.Runs.AsNoTracking().ToListAsync());
        runs.Count.ShouldBe(4);
        runs.ShouldAllBe(run => run.Status == RunStatus.Committed && run.FailedAttempts == 0 && run.Rows == 50);
        runs.GroupBy(run => run.Pipeline).ShouldAllBe(group => group.Select(run => run.SourceLsn).Distinct().Count() == 1);
        await Eventually.Async(() => budget.Reserved == 0 && budget.Waiting == 0);
    }

    [Fact]
    public async Task A_worker_that_stops_leaves_what_waits_for_memory_to_others()
    {
        await using var lake = await TightAsync(Wide + "CREATE VIEW gated AS SELECT * FROM wide WHERE gate();");
        lake.Define(" - { table: gated }\n - { table: wide }");
        await lake.StartAsync();
        var budget = lake.Services.GetRequiredService<MemoryBudget>();
        using (var all = await budget.BeginAsync(Guid.NewGuid(), default))
        {
            all.Ensure(long.MaxValue);
            await lake.RoundAsync();
            await Eventually.Async(() => budget.Waiting == 2);
            await lake.StopAsync();
        }

        (budget.Reserved, budget.Waiting).ShouldBe((0, 0));
        await lake.StartAsync();
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed && run.FailedAttempts == 0 && run.Rows == 50);
    }

    [Theory]
    [InlineData("134217728", "33554432", "must be at least 222,298,112. Raise it, or set Extractor:LargestRow to 11,534,336 or less.")]
    [InlineData("1000", "1048576", "must be at least 92,274,688. Raise it.")]
    [InlineData("268435456", "10", "Extractor:LargestRow must be 65,536 to 134,217,728 bytes, not 10.")]
    public async Task A_budget_that_is_too_small_is_refused_at_the_start_with_what_would_do(string budget, string largestRow, string message)
    {
        await using var lake = await LakeSystem.CreateAsync(postgres);
        (lake.Settings["Extractor:MemoryBudget"], lake.Settings["Extractor:LargestRow"]) = (budget, largestRow);
        lake.Define(" - { table: items }");
        (await Should.ThrowAsync<OptionsValidationException>(lake.StartAsync)).Message.ShouldContain(message);
    }

    private async Task<LakeSystem> TightAsync(string sql)
    {
        var lake = await LakeSystem.CreateAsync(postgres, sql);
        (lake.Settings["Extractor:MemoryBudget"], lake.Settings["Extractor:LargestRow"]) = (LeastBudget, OneMebibyte);
        return lake;
    }
}
