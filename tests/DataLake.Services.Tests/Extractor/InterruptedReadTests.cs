using DataLake.Ledger;
using DataLake.Ledger.Model;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;

namespace DataLake.Services.Tests.Extractor;

/// <summary>What happens to a run whose read is disturbed half way: the rows up to the gate are in the file by then.</summary>
public sealed class InterruptedReadTests(TestPostgres postgres)
{
    private const int Rows = 6000;

    [Fact]
    public async Task All_chunks_see_one_instant_while_rows_are_moved_between_them()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        for (var i = 0; i < 20; i++)
        {
            await lake.Source.ExecuteAsync(
                $"UPDATE accounts SET amount = amount - {i} WHERE id = {100 + i}; UPDATE accounts SET amount = amount + {i} WHERE id = {5900 - i}; " +
                $"UPDATE accounts SET id = id + 10000 WHERE id = {200 + i}; DELETE FROM accounts WHERE id = {5000 + i}; INSERT INTO accounts VALUES ({7000 + i}, 100, '')");
        }

        await gate.DisposeAsync();
        await lake.QuietAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Committed);
        var rows = await lake.RowsAsync("public.gated");
        rows.Select(row => (int)row["id"]!).Order().ShouldBe(Enumerable.Range(1, Rows));
        rows.ShouldAllBe(row => (int)row["amount"]! == 100);
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_costs_an_attempt_and_no_row()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await TerminateAsync(lake);
            await Eventually.Async(async () => (await lake.OnlyRunAsync()).Status == RunStatus.Planned);
        }

        var run = await lake.OnlyRunAsync();
        run.Error.ShouldNotBeNull().ShouldContain("while reading public.gated");
        lake.FilesOnDisk().ShouldBeEmpty();
        await lake.AdvanceAsync(TimeSpan.FromSeconds(10));
        await lake.SettleAsync();
        (await lake.ColumnAsync("public.gated", "id")).ShouldBe([.. Enumerable.Range(1, Rows)]);
        (await lake.OnlyRunAsync()).Attempt.ShouldBe(2);
        lake.FilesOnDisk().ShouldAllBe(file => Path.GetFileName(file).StartsWith("part-2-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_loses_its_lease_stops_and_leaves_no_file()
    {
        await using var lake = await GatedAsync("auto", "max_connections: 2");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        await lake.Ledger.ExecuteAsync("UPDATE datalake.runs SET lease_until = 'epoch'");
        await lake.RoundAsync(); // Takes the run back, and sends it again: the other attempt reads too.
        await lake.AtGateAsync(2);
        await lake.AdvanceAsync(TimeSpan.FromSeconds(1)); // The first worker wants to renew its lease.
        await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("was lost in attempt 1", StringComparison.Ordinal)));
        await Eventually.Async(() => lake.FilesOnDisk().All(file => Path.GetFileName(file).Contains("part-2-", StringComparison.Ordinal)));

        await gate.DisposeAsync();
        await lake.QuietAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt).ShouldBe((RunStatus.Committed, 2));
        (await lake.ColumnAsync("public.gated", "id")).ShouldBe([.. Enumerable.Range(1, Rows)]);
        lake.FilesOnDisk().Count.ShouldBe(run.FileCount);
    }

    [Fact]
    public async Task A_worker_that_finishes_after_it_lost_its_lease_throws_its_files_away()
    {
        await using var lake = await GatedAsync("auto", "max_connections: 2");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        // It hung beyond its lease; another worker has the run and has finished it, when this one goes on.
        await lake.Ledger.ExecuteAsync("UPDATE datalake.runs SET attempt = 2, status = 'Committed', rows = 5");
        await gate.DisposeAsync();

        await Eventually.Async(() => lake.Logs.Lines.Any(line => line.Text.Contains("was lost in attempt 1", StringComparison.Ordinal)));
        await Eventually.Async(() => lake.FilesOnDisk().Count == 0);
        (await lake.OnlyRunAsync()).Rows.ShouldBe(5);
        (await lake.FilesAsync("public.gated")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_stop_in_the_middle_of_a_read_gives_the_run_back()
    {
        await using var lake = await GatedAsync("auto", "max_connections: 2");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await lake.StopAsync();
        }

        lake.FilesOnDisk().ShouldBeEmpty();
        await lake.StartAsync();
        var released = await lake.OnlyRunAsync();
        (released.Status, released.FailedAttempts, released.LeaseOwner, released.DispatchedAt).ShouldBe((RunStatus.Planned, 0, null, null));
        await lake.SettleAsync();
        (await lake.AllRunsAsync())[0].Status.ShouldBe(RunStatus.Committed);
        (await lake.ColumnAsync("public.gated", "id")).Distinct().Count().ShouldBe(Rows);
    }

    [Fact]
    public async Task A_read_that_takes_too_long_is_ended_and_tried_again()
    {
        await using var lake = await GatedAsync("auto", "max_connections: 2", ", timeout: 5m");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await Eventually.Async(() =>
            {
                lake.Time.Advance(TimeSpan.FromSeconds(20));
                return Task.FromResult(lake.Logs.Lines.Any(line => line.Text.Contains("It took longer than 00:05:00", StringComparison.Ordinal)));
            });
        }

        lake.FilesOnDisk().ShouldBeEmpty();
        await Eventually.Async(async () => (await lake.OnlyRunAsync()).Status == RunStatus.Planned);
    }

    [Fact]
    public async Task A_ledger_that_breaks_off_while_a_window_is_read_costs_at_most_an_attempt()
    {
        await using var lake = await GatedAsync("auto", "max_connections: 2");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            // The services' idle connections break when they are used next: by the receipt, at the latest.
            await lake.Ledger.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'DataLake ledger'");
        }

        // Whatever became of the receipt: a claim that is left over runs out.
        await Eventually.Async(async () =>
        {
            lake.Time.Advance(TimeSpan.FromSeconds(20));
            try
            {
                await lake.RoundAsync();
                return (await lake.OnlyRunAsync()).Status == RunStatus.Committed;
            }
            catch (Exception error) when (LedgerException.IsTrouble(error))
            {
                return false;
            }
        });
        (await lake.ColumnAsync("public.gated", "id")).ShouldBe([.. Enumerable.Range(1, Rows)]);
        lake.FilesOnDisk().Count.ShouldBe((await lake.OnlyRunAsync()).FileCount);
    }

    private static async Task TerminateAsync(LakeSystem lake)
    {
        await using var command = lake.Source.DataSource.CreateCommand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'datalake extractor test %'");
        await command.ExecuteNonQueryAsync();
    }

    private async Task<LakeSystem> GatedAsync(string chunks, string source, string more = "")
    {
        var lake = await LakeSystem.CreateAsync(postgres,
            $"CREATE TABLE accounts (id int PRIMARY KEY, amount int, filler text); INSERT INTO accounts SELECT i, 100, repeat('x', 50) FROM generate_series(1, {Rows}) i; " +
            $"CREATE VIEW gated AS SELECT * FROM accounts WHERE id NOT BETWEEN {(Rows / 2) + 100} AND {(Rows / 2) + 109} OR gate();");
        lake.Define($" - {{ table: gated, chunks: {chunks}{more} }}", source);
        return await lake.StartAsync();
    }
}
