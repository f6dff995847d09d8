using DataLake.Contracts;
using DataLake.Extractor.Extraction;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DataLake.Services.Tests.Extractor;

/// <summary>Full loads that are read from one snapshot.</summary>
public sealed class OneInstantTests(TestPostgres postgres)
{
    private const string Three = " - { table: orders }\n - { table: gated }\n - { table: stock }\n - { table: events, cursor: at }";

    [Fact]
    public async Task Full_loads_that_are_planned_together_are_read_at_one_instant()
    {
        await using var lake = await ThreeAsync();
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        await MoveAsync(lake, 100); // orders first, then stock; gated is read between.
        await gate.DisposeAsync();
        await lake.SettleAsync();

        (await BalanceAsync(lake)).ShouldBe((0, 0));
        var loads = await FullAsync(lake);
        loads.ShouldAllBe(run => run.Status == RunStatus.Committed && run.Attempt == 1);
        loads.Select(run => run.SourceLsn).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        (await lake.AllRunsAsync("public.events")).ShouldHaveSingleItem().Status.ShouldBe(RunStatus.Committed);

        await lake.AdvanceAsync(TimeSpan.FromHours(1));
        await lake.SettleAsync();
        (await BalanceAsync(lake)).ShouldBe((100, 100));
        (await FullAsync(lake)).Skip(3).Select(run => run.SourceLsn).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task Without_the_key_no_full_load_waits_for_another()
    {
        await using var lake = await ThreeAsync(more: "");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        await Eventually.Async(async () => (await FullAsync(lake)).Count(run => run.Status == RunStatus.Committed) == 2);
        await gate.DisposeAsync();
        await lake.SettleAsync();
        (await FullAsync(lake)).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }

    [Fact]
    public async Task Where_one_breaks_off_none_counts_and_all_are_read_again_at_another_instant()
    {
        await using var lake = await ThreeAsync(source: "max_connections: 1, max_runs: 4");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await lake.Source.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'datalake extractor test %'");
            await Eventually.Async(async () => (await FullAsync(lake)).All(run => run.Status == RunStatus.Planned));
            (await lake.FilesAsync("public.orders")).ShouldBeEmpty();
            lake.FilesOnDisk().ShouldNotContain(file => file.Contains("/full/", StringComparison.Ordinal));
            await MoveAsync(lake, 7);

            // Those that are free to be read wait for the one that broke off.
            await lake.RoundAsync();
            await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("public.gated", StringComparison.Ordinal)));
            (await FullAsync(lake)).Where(run => run.Table != "public.gated").ShouldAllBe(run => run.Status == RunStatus.Planned && run.FailedAttempts == 0);
        }

        await AdvanceUntilCommittedAsync(lake, 3);
        (await BalanceAsync(lake)).ShouldBe((7, 7));
        var loads = await FullAsync(lake);
        loads.Select(run => run.SourceLsn).Distinct().Count().ShouldBe(1);
        loads.ShouldAllBe(run => run.Attempt == 2);
        loads.Single(run => run.Table == "public.gated").Error.ShouldBeNull();
    }

    [Fact]
    public async Task One_that_cannot_be_read_is_left_behind_with_its_error()
    {
        await using var lake = await ThreeAsync("ALTER TABLE stock ADD price numeric(8, 2); UPDATE stock SET price = 'NaN' WHERE id = 5;");
        await lake.RoundAsync();
        await AdvanceUntilCommittedAsync(lake, 2);
        var loads = await FullAsync(lake);
        var failed = loads.Single(run => run.Table == "public.stock");
        failed.Status.ShouldBe(RunStatus.Failed);
        failed.Error.ShouldNotBeNull().ShouldContain("the column price");
        var read = loads.Where(run => run != failed).ToList();
        read.ShouldAllBe(run => run.Status == RunStatus.Committed && run.FailedAttempts == 0);
        read.Select(run => run.SourceLsn).Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task To_the_source_and_its_governor_they_are_one_read()
    {
        await using var lake = await ThreeAsync(source: "max_connections: 4, max_runs: 4, limits: { active_sessions: 10000, lock_waits: 10000, replica_lag: 1000d, blocking: 10s, lock_timeout: 1h }");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            var first = (await FullAsync(lake)).MinBy(run => run.Id)!.Id.ToString("N")[^8..];
            (await lake.Source.ScalarAsync<string>(
                "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"))
                .ShouldBe($"datalake extractor test 3-tables {first}");

            // It waits for a table that is held for its turn, while another is read: both give way.
            var alter = lake.Source.ExecuteAsync("ALTER TABLE stock ADD remark text");
            await Eventually.Async(() =>
            {
                lake.Time.Advance(TimeSpan.FromSeconds(1));
                return Task.FromResult(alter.IsCompleted);
            }, TimeSpan.FromSeconds(30));
            await alter;
            await Eventually.Async(async () => (await FullAsync(lake)).All(run => run.Status == RunStatus.Planned));
            (await FullAsync(lake)).ShouldAllBe(run => run.FailedAttempts == 1 && run.Error!.Contains("have waited for 10s for a lock that the run held", StringComparison.Ordinal));
            lake.FilesOnDisk().ShouldNotContain(file => file.Contains("/full/", StringComparison.Ordinal));
        }

        await AdvanceUntilCommittedAsync(lake, 3);
        (await FullAsync(lake)).Select(run => run.SourceLsn).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
        (await lake.RowsAsync("public.stock")).ShouldAllBe(row => row.ContainsKey("remark"));
    }

    [Fact]
    public async Task Of_many_workers_that_get_the_messages_at_once_one_reads_them_all()
    {
        await using var lake = await ThreeAsync();
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        using var other = lake.Compose();
        var extractions = new[] { lake.Services, other.Services }.Select(services => services.GetRequiredService<WindowExtraction>()).ToArray();
        var loads = await FullAsync(lake);
        var read = await Task.WhenAll(loads.SelectMany(run => extractions.Select(extraction => Task.Run(() => extraction.RunAsync(run.Id, CancellationToken.None)))));
        read.Where(runs => runs.Count > 0).ShouldHaveSingleItem().Order().ShouldBe(loads.Select(run => run.Id).Order());
        (await FullAsync(lake)).ShouldAllBe(run => run.Status == RunStatus.Extracted && run.Attempt == 1);
        await ((IAsyncDisposable)other).DisposeAsync();
    }

    [Fact]
    public async Task Where_the_lease_of_one_is_lost_no_receipt_is_recorded()
    {
        await using var lake = await ThreeAsync();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            // Another worker has finished this one meanwhile.
            await lake.Ledger.ExecuteAsync("UPDATE datalake.runs SET attempt = 2, status = 'Committed', rows = 5 WHERE table_name = 'public.stock'");
        }

        await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("The lease of public.stock", StringComparison.Ordinal)));
        await Eventually.Async(async () => (await FullAsync(lake)).Count(run => run.Status == RunStatus.Planned) == 2);
        lake.FilesOnDisk().ShouldNotContain(file => file.Contains("/full/", StringComparison.Ordinal));
        await AdvanceUntilCommittedAsync(lake, 3);
        (await FullAsync(lake)).Where(run => run.Table != "public.stock").Select(run => run.SourceLsn).Distinct().ShouldHaveSingleItem().ShouldNotBeNull();
    }

    [Fact]
    public async Task One_that_is_taken_back_alone_waits_until_the_others_can_be_read_with_it()
    {
        await using var lake = await ThreeAsync();
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await lake.Ledger.ExecuteAsync("UPDATE datalake.runs SET lease_until = 'epoch' WHERE table_name = 'public.stock'");
            await lake.RoundAsync(); // Takes it back, and sends it again, while the first worker still reads the others.
            await MoveAsync(lake, 9);
            await lake.AdvanceAsync(TimeSpan.FromSeconds(1)); // The first worker wants to renew its leases.
            await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("The lease of public.stock", StringComparison.Ordinal)));
        }

        await AdvanceUntilCommittedAsync(lake, 3);
        (await BalanceAsync(lake)).ShouldBe((9, 9));
        var loads = await FullAsync(lake);
        loads.Select(run => run.SourceLsn).Distinct().Count().ShouldBe(1);
        loads.ShouldAllBe(run => run.Attempt == 2);
    }

    [Fact]
    public async Task Claims_are_of_all_or_none()
    {
        await using var lake = await ThreeAsync();
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        var claims = lake.Services.GetRequiredService<RunClaims>();
        var loads = await FullAsync(lake);
        await lake.Ledger.ExecuteAsync($"UPDATE datalake.runs SET due_at = due_at + interval '1 hour' WHERE id = '{loads[0].Id}'");
        (await claims.ClaimTogetherAsync(loads[1], "worker", TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBeEmpty();
        await lake.Ledger.ExecuteAsync($"UPDATE datalake.runs SET due_at = due_at - interval '1 hour', status = 'Extracting' WHERE id = '{loads[0].Id}'");
        (await claims.ClaimTogetherAsync(loads[1], "worker", TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBeEmpty();
        await lake.Ledger.ExecuteAsync($"UPDATE datalake.runs SET status = 'Failed' WHERE id = '{loads[0].Id}'");
        (await claims.ClaimTogetherAsync(loads[0], "worker", TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBeEmpty();
        (await claims.ClaimTogetherAsync(loads[1], "worker", TimeSpan.FromMinutes(1), CancellationToken.None)).Select(run => run.Table).Order().ShouldBe(["public.orders", "public.stock"]);
        (await claims.ClaimTogetherAsync(loads[1], "worker", TimeSpan.FromMinutes(1), CancellationToken.None)).ShouldBeEmpty();
    }

    /// <summary>Moves goods from the stock into an order, in one transaction.</summary>
    private static Task MoveAsync(LakeSystem lake, int number) =>
        lake.Source.ExecuteAsync($"UPDATE orders SET taken = taken + {number} WHERE id = 3; UPDATE stock SET given = given + {number} WHERE id = 5");

    private static async Task<(int Taken, int Given)> BalanceAsync(LakeSystem lake) => (
        (await lake.RowsAsync("public.orders")).Sum(row => (int)row["taken"]!), (await lake.RowsAsync("public.stock")).Sum(row => (int)row["given"]!));

    private static async Task<List<Run>> FullAsync(LakeSystem lake) => [.. (await lake.AllRunsAsync()).Where(run => run.Kind == RunKind.Full).OrderBy(run => run.WindowTo).ThenBy(run => run.Table)];

    private static Task AdvanceUntilCommittedAsync(LakeSystem lake, int number) => Eventually.Async(async () =>
    {
        lake.Time.Advance(TimeSpan.FromSeconds(1));
        await lake.RoundAsync();
        return (await FullAsync(lake)).Count(run => run.Status == RunStatus.Committed) == number;
    }, TimeSpan.FromSeconds(60));

    private async Task<LakeSystem> ThreeAsync(string sql = "", string source = "max_connections: 4, max_runs: 4", string more = "one_instant: true")
    {
        var lake = await LakeSystem.CreateAsync(postgres,
            $"""
            CREATE TABLE orders (id int PRIMARY KEY, taken int NOT NULL);
            CREATE TABLE stock (id int PRIMARY KEY, given int NOT NULL);
            CREATE TABLE events (id int, at timestamptz NOT NULL);
            INSERT INTO orders SELECT g, 0 FROM generate_series(1, 100) g;
            INSERT INTO stock SELECT g, 0 FROM generate_series(1, 100) g;
            INSERT INTO events VALUES (1, '2026-01-10 10:00Z');
            CREATE VIEW gated AS SELECT * FROM orders WHERE gate();
            {sql}
            """);
        lake.BySchedule = true;
        lake.Define(Three, source, schedule: "rate(1 hour)", more: more);
        return await lake.StartAsync();
    }
}
