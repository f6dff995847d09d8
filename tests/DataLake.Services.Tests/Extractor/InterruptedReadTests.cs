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
        await MoveRowsAsync(lake, 0);
        await gate.DisposeAsync();
        await ShouldBeOneInstantAsync(lake);
    }

    [Fact]
    public async Task A_connection_that_the_server_ends_costs_its_chunk_and_no_row()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        await MoveRowsAsync(lake, 0);
        var lost = await WaitingAsync(lake);
        await TerminateAsync(lake, lost);
        await AdvanceUntilAsync(lake, async () => (await WaitingAsync(lake)) is [var another] && another != lost[0]);
        lake.Logs.Lines.Count(line => line.Text.Contains("broke off and is read again", StringComparison.Ordinal)).ShouldBe(1);

        await gate.DisposeAsync();
        await ShouldBeOneInstantAsync(lake);
    }

    [Fact]
    public async Task Files_of_a_chunk_that_broke_off_are_thrown_away_with_it()
    {
        // Nearly all of the third chunk is in files of their own before the gate.
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2", ", files: { size: 64KiB }", gated: "id <> 4490 OR gate()");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync();
        var lost = await WaitingAsync(lake);
        await TerminateAsync(lake, lost);
        await AdvanceUntilAsync(lake, async () => (await WaitingAsync(lake)) is [var another] && another != lost[0]);
        await gate.DisposeAsync();
        await ShouldBeOneInstantAsync(lake);
        var files = await lake.Runs.FilesAsync((await lake.OnlyRunAsync()).Id, CancellationToken.None);
        files.Max(file => file.Number).ShouldBeGreaterThan(files.Count);
    }

    [Fact]
    public async Task A_run_outlives_the_connection_that_took_its_snapshot_and_every_other_while_one_is_left()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 3 }", "max_connections: 2", gated: "id % 1000 <> 999 OR gate()");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync(2);
        var lost = new List<int>();
        for (var i = 0; i < 2; i++)
        {
            // The one that has been inside the snapshot for longest: first its owner, then the other, when one has joined by it.
            await MoveRowsAsync(lake, i);
            lost.Add(await lake.Source.ScalarAsync<int>("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'datalake extractor test %' ORDER BY backend_start LIMIT 1"));
            await TerminateAsync(lake, [lost[^1]]);
            await AdvanceUntilAsync(lake, async () => await WaitingAsync(lake) is [_, _] waiting && !waiting.Intersect(lost).Any());
        }

        await gate.DisposeAsync();
        await ShouldBeOneInstantAsync(lake);
    }

    [Fact]
    public async Task A_chunk_that_breaks_off_again_and_again_costs_an_attempt()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2", gated: "id <> 3100 OR broken()");
        await lake.RoundAsync();
        await AdvanceUntilAsync(lake, async () => (await lake.OnlyRunAsync()).Status == RunStatus.Planned && (await lake.OnlyRunAsync()).Error is not null);
        (await lake.OnlyRunAsync()).Error.ShouldNotBeNull().ShouldContain("a fault of the server");
        lake.Logs.Lines.Count(line => line.Text.Contains("chunk 2 broke off and is read again", StringComparison.Ordinal)).ShouldBe(2);
        lake.FilesOnDisk().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_value_that_cannot_be_read_ends_the_run_without_reading_its_chunk_again()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2", gated: "id <> 3100 OR 1 / (id - 3100) > 0");
        await lake.RoundAsync();
        await lake.QuietAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt).ShouldBe((RunStatus.Failed, 1));
        lake.Logs.Lines.ShouldNotContain(line => line.Text.Contains("is read again", StringComparison.Ordinal));
        lake.FilesOnDisk().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_that_loses_all_its_connections_costs_an_attempt_and_no_row()
    {
        await using var lake = await GatedAsync("{ column: id, lower: 1, upper: 6001, count: 4 }", "max_connections: 2");
        await using (await lake.CloseGateAsync())
        {
            await lake.RoundAsync();
            await lake.AtGateAsync();
            await TerminateAsync(lake, await AllAsync(lake));
            await AdvanceUntilAsync(lake, async () => (await lake.OnlyRunAsync()).Status == RunStatus.Planned);
        }

        var run = await lake.OnlyRunAsync();
        run.Error.ShouldNotBeNull().ShouldContain("public.gated [beginning, 2026-01-10 12:00:00Z) could not be read. ");
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

    /// <summary>Every row is in the lake once, as it was when the one attempt took its snapshot.</summary>
    private static async Task ShouldBeOneInstantAsync(LakeSystem lake)
    {
        await lake.QuietAsync();
        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt, run.Rows).ShouldBe((RunStatus.Committed, 1, Rows));
        var rows = await lake.RowsAsync("public.gated");
        rows.Select(row => (int)row["id"]!).Order().ShouldBe(Enumerable.Range(1, Rows));
        rows.ShouldAllBe(row => (int)row["amount"]! == 100);
        lake.FilesOnDisk().Count.ShouldBe(run.FileCount);
    }

    /// <summary>Changes rows of all chunks, other ones each time.</summary>
    private static async Task MoveRowsAsync(LakeSystem lake, int time)
    {
        for (var i = time * 20; i < (time + 1) * 20; i++)
        {
            await lake.Source.ExecuteAsync(
                $"UPDATE accounts SET amount = amount - {i} WHERE id = {100 + i}; UPDATE accounts SET amount = amount + {i} WHERE id = {5900 - i}; " +
                $"UPDATE accounts SET id = id + 10000 WHERE id = {200 + i}; DELETE FROM accounts WHERE id = {5000 + i}; INSERT INTO accounts VALUES ({7000 + i}, 100, '')");
        }
    }

    private static Task AdvanceUntilAsync(LakeSystem lake, Func<Task<bool>> isSo) => Eventually.Async(() =>
    {
        lake.Time.Advance(TimeSpan.FromSeconds(1));
        return isSo();
    }, TimeSpan.FromSeconds(30));

    /// <summary>The server's processes that stand before the gate.</summary>
    private static Task<int[]> WaitingAsync(LakeSystem lake) => lake.Source.ScalarAsync<int[]>(
        "SELECT coalesce(array_agg(pid), '{}') FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");

    private static Task<int[]> AllAsync(LakeSystem lake) => lake.Source.ScalarAsync<int[]>(
        "SELECT array_agg(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'datalake extractor test %'");

    private static Task TerminateAsync(LakeSystem lake, int[] processes) => lake.Source.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[{string.Join(", ", processes)}]) pid");

    private async Task<LakeSystem> GatedAsync(string chunks, string source, string more = "", string? gated = null)
    {
        var lake = await LakeSystem.CreateAsync(postgres,
            $"CREATE TABLE accounts (id int PRIMARY KEY, amount int, filler text); INSERT INTO accounts SELECT i, 100, repeat('x', 500) FROM generate_series(1, {Rows}) i; " +
            "CREATE FUNCTION broken() RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$BEGIN RAISE EXCEPTION 'a fault of the server' USING ERRCODE = 'XX000'; END$$; " +
            $"CREATE VIEW gated AS SELECT * FROM accounts WHERE {gated ?? $"id NOT BETWEEN {(Rows / 2) + 100} AND {(Rows / 2) + 109} OR gate()"};");
        lake.Define($" - {{ table: gated, chunks: {chunks}{more} }}", source);
        return await lake.StartAsync();
    }
}
