using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Services.Tests.Hosting;
using DataLake.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace DataLake.Services.Tests.Scheduler;

public sealed class DispatchTests(TestPostgres postgres)
{
    private static readonly DateTimeOffset Noon = LakeSystem.Noon;

    [Fact]
    public async Task The_limits_of_source_and_table_hold_whatever_is_sent_again()
    {
        await using var lake = await GatedAsync(
            " - { table: a, cursor: at, window: 1h, start: 2026-01-10T00:00:00Z, concurrency: 2 }\n" +
            " - { table: b, cursor: at, window: 1h, start: 2026-01-10T00:00:00Z }\n - { table: c, cursor: at, window: 1h, start: 2026-01-10T00:00:00Z, concurrency: 5 }",
            "max_connections: 8, max_runs: 4");
        var gate = await lake.CloseGateAsync();
        await lake.RoundAsync();
        await lake.AtGateAsync(4);
        for (var round = 0; round < 3; round++)
        {
            lake.Time.Advance(TimeSpan.FromSeconds(11)); // Within the lease, which is kept; messages are due again.
            await lake.RoundAsync();
        }

        var reading = (await lake.AllRunsAsync()).Where(run => run.Status == RunStatus.Extracting).ToList();
        reading.Count.ShouldBe(4);
        reading.Count(run => run.Table == "public.a").ShouldBeLessThanOrEqualTo(2);
        reading.Count(run => run.Table == "public.b").ShouldBeLessThanOrEqualTo(1);
        reading.ShouldAllBe(run => run.Attempt == 1);
        await gate.DisposeAsync();
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed && run.Attempt == 1);
    }

    [Fact]
    public async Task A_message_that_is_lost_is_sent_again_and_keeps_its_place_meanwhile()
    {
        await using var lake = await GatedAsync(" - { table: a, cursor: at }\n - { table: b, cursor: at }\n - { table: c, cursor: at }", "max_connections: 2, max_runs: 2");
        // As if two messages had been sent and lost.
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        var sent = (await lake.AllRunsAsync()).Where(run => run.DispatchedAt is not null).Select(run => run.Id).ToHashSet();
        sent.Count.ShouldBe(2);
        lake.Time.Advance(TimeSpan.FromSeconds(29));
        await lake.RoundAsync();
        (await lake.AllRunsAsync()).Count(run => run.DispatchedAt == lake.Time.GetUtcNow()).ShouldBe(0);
        lake.Time.Advance(TimeSpan.FromSeconds(1));
        await lake.RoundAsync();
        (await lake.AllRunsAsync()).Where(run => run.DispatchedAt == lake.Time.GetUtcNow()).Select(run => run.Id).ShouldBe(sent, ignoreOrder: true);

        await lake.StartExtractorAsync();
        lake.Time.Advance(TimeSpan.FromSeconds(30));
        await lake.SettleAsync();
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }

    [Fact]
    public async Task A_commit_whose_message_was_lost_is_asked_for_again()
    {
        await using var lake = await GatedAsync(" - { table: a, cursor: at }", "max_connections: 2");
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        var claims = lake.Services.GetRequiredService<RunClaims>();
        var run = (await claims.ClaimAsync((await lake.OnlyRunAsync()).Id, "died after its receipt", TimeSpan.FromSeconds(30), CancellationToken.None)).ShouldNotBeNull();
        await claims.RecordExtractedAsync(run.Id, run.Attempt, new RunReceipt([], null), CancellationToken.None);
        await lake.StartExtractorAsync();

        await lake.RoundAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Extracted);
        lake.Time.Advance(TimeSpan.FromSeconds(30));
        await lake.RoundAsync();
        await lake.QuietAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Committed);
    }

    [Fact]
    public async Task An_expired_lease_is_swept_and_the_run_read_by_another_worker()
    {
        await using var lake = await GatedAsync(" - { table: a, cursor: at }", "max_connections: 2");
        await lake.StopExtractorAsync();
        await lake.RoundAsync();
        var claims = lake.Services.GetRequiredService<RunClaims>();
        await claims.ClaimAsync((await lake.OnlyRunAsync()).Id, "killed", TimeSpan.FromSeconds(30), CancellationToken.None);
        await lake.StartExtractorAsync();
        lake.Time.Advance(TimeSpan.FromSeconds(30));
        await lake.RoundAsync();
        (await lake.OnlyRunAsync()).Status.ShouldBe(RunStatus.Extracting);
        lake.Time.Advance(TimeSpan.FromSeconds(1));
        await lake.SettleAsync();

        var run = await lake.OnlyRunAsync();
        (run.Status, run.Attempt).ShouldBe((RunStatus.Committed, 2));
        (await lake.Runs.AttemptsAsync(run.Id, CancellationToken.None)).Select(attempt => attempt.Outcome).ShouldBe([AttemptOutcome.Lost, AttemptOutcome.Extracted]);
        lake.Logs.Lines.ShouldContain(line => line.Text.Contains("the worker of attempt 1 is gone", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_whose_stored_definition_is_not_understood_ends_and_stops_no_other()
    {
        await using var lake = await GatedAsync(" - { table: a, cursor: at }\n - { table: b, cursor: at }", "max_connections: 2");
        await lake.RoundAsync();
        await lake.QuietAsync();
        await lake.StopAsync();
        // A later version of the program wrote it; and one of its runs was under way.
        await lake.Ledger.ExecuteAsync(
            "INSERT INTO datalake.definitions SELECT pipeline, 2, 'x', 'nonsense: true', file_name, applied_at FROM datalake.definitions;" +
            "UPDATE datalake.runs SET status = 'Extracting', lease_owner = 'w', lease_until = 'epoch', definition_version = 2 WHERE table_name = 'public.a'");
        await lake.StartAsync();
        lake.Time.Advance(TimeSpan.FromMinutes(1));
        await lake.SetSourceClockAsync(lake.Time.GetUtcNow());
        await lake.SettleAsync();

        (await lake.AllRunsAsync("public.a"))[0].Status.ShouldBe(RunStatus.Failed);
        (await lake.AllRunsAsync("public.b")).ShouldAllBe(run => run.Status == RunStatus.Committed);
        (await lake.AllRunsAsync("public.b")).Count.ShouldBe(2);
    }

    private async Task<LakeSystem> GatedAsync(string tables, string source)
    {
        var lake = await LakeSystem.CreateAsync(postgres, string.Concat("abc".Select(name =>
            $"CREATE TABLE {name}_rows (id int, at timestamptz NOT NULL); INSERT INTO {name}_rows SELECT 1, '2026-01-10T00:00:00Z'::timestamptz + h * interval '1 hour' FROM generate_series(0, 11) h;" +
            $"CREATE VIEW {name} AS SELECT * FROM {name}_rows WHERE gate();")));
        lake.Define(tables, source);
        return await lake.StartAsync();
    }
}
