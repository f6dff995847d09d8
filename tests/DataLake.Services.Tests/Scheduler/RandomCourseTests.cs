using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Scheduler.Cycle;
using DataLake.Services.Tests.Hosting;
using DataLake.Storage;
using DataLake.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DataLake.Services.Tests.Scheduler;

/// <summary>
/// Random courses of events against the real scheduler and ledger. Messages reach nobody: the test plays the workers, and does to runs what workers, crashes and people do.
/// </summary>
public sealed class RandomCourseTests(TestPostgres postgres)
{
    private static readonly string[] Tables = ["public.sized", "public.unsized", "public.whole"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Windows_never_overlap_leave_no_gap_and_are_never_sent_out_of_order(int seed)
    {
        var random = new Random(seed);
        await using var lake = await LakeSystem.CreateAsync(postgres);
        lake.BySchedule = true;
        Define(lake, "1h");
        await lake.StartAsync();
        await lake.StopExtractorAsync();
        using var other = lake.Compose();
        await other.StartAsync();
        await other.Services.GetRequiredService<IBusControl>().StopAsync();
        SchedulerCycle[] schedulers = [lake.Scheduler, other.Services.GetRequiredService<SchedulerCycle>()];
        var course = new Course(lake, random);
        for (var step = 0; step < 50; step++)
        {
            switch (random.Next(10))
            {
                case 0:
                    await Task.WhenAll(schedulers.Select(scheduler => Task.Run(() => scheduler.RunAsync(CancellationToken.None))));
                    break;
                case 1:
                    await lake.AdvanceAsync(TimeSpan.FromMinutes(random.Next(1, 600)));
                    break;
                case 2:
                    Define(lake, random.Next(3) switch { 0 => "30m", 1 => "1h", _ => "1d" });
                    break;
                default:
                    await schedulers[random.Next(2)].RunAsync(CancellationToken.None);
                    await course.WorkAsync();
                    await lake.AdvanceAsync(TimeSpan.FromSeconds(random.Next(0, 90)));
                    break;
            }

            await ShouldBeSoundAsync(lake);
        }

        await course.FinishAsync();
        await other.StopAsync();
        (await lake.AllRunsAsync()).Count.ShouldBeGreaterThan(10);
        (await lake.AllRunsAsync()).ShouldAllBe(run => run.Status == RunStatus.Committed);
    }

    private static void Define(LakeSystem lake, string window) => lake.Define(
        $" - {{ table: sized, cursor: at, window: {window}, start: 2026-01-10T00:00:00Z }}\n - {{ table: unsized, cursor: at }}\n - {{ table: whole, schedule: rate(1 hour) }}",
        "max_connections: 3, max_runs: 2");

    private static async Task ShouldBeSoundAsync(LakeSystem lake)
    {
        var all = await lake.AllRunsAsync();
        all.Count(run => run.Status == RunStatus.Extracting || (run.Status == RunStatus.Planned && run.DispatchedAt is not null)).ShouldBeLessThanOrEqualTo(2);
        foreach (var table in Tables)
        {
            var runs = all.Where(run => run.Table == table).OrderBy(run => run.WindowTo).ToList();
            runs.Count(run => run.Status is RunStatus.Planned or RunStatus.Extracting or RunStatus.Extracted).ShouldBeLessThanOrEqualTo(50);
            if (table != "public.whole")
            {
                foreach (var (before, after) in runs.Zip(runs.Skip(1)))
                {
                    after.WindowFrom.ShouldBe(before.WindowTo);
                }
            }

            // Whatever was ever sent, all windows before it are part of the table.
            var sent = runs.FindLastIndex(run => run.DispatchedAt is not null || run.Attempt > 0);
            runs.Take(sent).ShouldAllBe(run => run.Status == RunStatus.Committed);
            runs.ShouldAllBe(run => run.WindowTo <= lake.Time.GetUtcNow());
        }
    }

    /// <summary>The workers, with all that can become of them.</summary>
    private sealed class Course(LakeSystem lake, Random random)
    {
        private readonly RunClaims claims = lake.Services.GetRequiredService<RunClaims>();
        private readonly DataLake.CatalogUpdater.Commits.RunCommit commits = lake.Services.GetRequiredService<DataLake.CatalogUpdater.Commits.RunCommit>();

        public async Task WorkAsync()
        {
            foreach (var run in await lake.AllRunsAsync())
            {
                if (run.Status == RunStatus.Extracted && random.Next(2) == 0)
                {
                    await commits.CommitAsync(run.Id, CancellationToken.None);
                }

                if (run.Status == RunStatus.Planned && run.DispatchedAt is not null && random.Next(3) > 0)
                {
                    await WorkOnAsync(run, random.Next(8));
                }
            }
        }

        public async Task FinishAsync()
        {
            for (var round = 0; round < 400; round++)
            {
                await lake.RoundAsync();
                foreach (var run in await lake.AllRunsAsync())
                {
                    await (run.Status switch
                    {
                        RunStatus.Planned when run.DispatchedAt is not null => WorkOnAsync(run, 7),
                        RunStatus.Extracted => commits.CommitAsync(run.Id, CancellationToken.None),
                        _ => Task.CompletedTask,
                    });
                }

                if ((await lake.AllRunsAsync()).All(run => run.Status == RunStatus.Committed))
                {
                    return;
                }

                lake.Time.Advance(TimeSpan.FromSeconds(20)); // The source's clock stands: nothing new closes.
            }
        }

        private async Task WorkOnAsync(Run run, int fate)
        {
            if (await claims.ClaimAsync(run.Id, "worker", TimeSpan.FromSeconds(30), CancellationToken.None) is not { } claimed)
            {
                return;
            }

            switch (fate)
            {
                case 0: // Killed: the lease runs out.
                    break;
                case 1:
                    await claims.ReleaseAsync(claimed.Id, claimed.Attempt, CancellationToken.None);
                    break;
                case 2:
                case 3:
                    await claims.FailAsync(claimed.Id, claimed.Attempt, "no luck", canRetry: fate == 2, new RetryPolicy(1, TimeSpan.FromSeconds(10)), CancellationToken.None);
                    break;
                default:
                    var file = await LakeRows.WriteAsync(lake.Services.GetRequiredService<LakeDirectory>(), claimed, 1);
                    (await claims.RecordExtractedAsync(claimed.Id, claimed.Attempt, new RunReceipt([file], null), CancellationToken.None)).ShouldBeTrue();
                    break;
            }
        }
    }
}
