using DataLake.Failpoints;
using DataLake.Ledger.Database;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Pipelines.Definitions;
using DataLake.Scheduler.Definitions;
using DataLake.Scheduler.Dispatch;
using DataLake.Scheduler.Lateness;
using DataLake.Scheduler.Planning;
using DataLake.ServiceDefaults.Definitions;
using Microsoft.Extensions.Options;

namespace DataLake.Scheduler.Cycle;

/// <summary>
/// One round of the scheduler: definitions, what is due, backfills, expired leases, messages, lateness, notices. Everything follows from the ledger and the
/// clocks, so a round that is cut off anywhere is made good by the next.
/// </summary>
public sealed partial class SchedulerCycle(
    LedgerLocks locks, DefinitionsInForce definitions, SourceClocks clocks, TablePlanner planner, BackfillPlanner backfills, RunDispatcher dispatcher,
    NoticeDispatcher noticeDispatcher, LatenessWatch lateness, ScheduleStore schedules, RunClaims claims, PipelineDefinitions versions,
    IOptions<SchedulerOptions> options, TimeProvider time, ILogger<SchedulerCycle> logger)
{
    // Tables with more closed windows than could be planned at once, and those that a "once" scheduler has dealt with. Either is only a hint.
    private readonly HashSet<(string Pipeline, string Table)> behind = [];
    private readonly HashSet<(string Pipeline, string Table)> done = [];

    /// <summary>What a round found.</summary>
    /// <param name="Open">Runs that are planned or under way, without those that wait for a failed window before them.</param>
    /// <param name="Behind">Tables with more closed windows than could be planned at once.</param>
    /// <param name="Silent">Pipelines that cannot be planned, because their source does not answer.</param>
    public sealed record Round(int Open, int Behind, IReadOnlyList<string> Silent);

    /// <summary>Makes one round.</summary>
    /// <returns>What it found, or null where another scheduler is at it.</returns>
    public async Task<Round?> RunAsync(CancellationToken cancellation)
    {
        await using var held = await locks.TryTakeAsync("scheduler", cancellation);
        if (held is null)
        {
            return null;
        }

        var pipelines = await definitions.RefreshAsync(cancellation);
        var states = await schedules.AllAsync(cancellation);
        var silent = new List<string>();
        foreach (var pipeline in pipelines)
        {
            if (!await PlanAsync(pipeline, states, cancellation))
            {
                silent.Add(pipeline.Definition.Name);
            }
        }

        await backfills.PlanAsync(pipelines, cancellation);
        Failpoint.Pass("scheduler.planned");
        await SweepAsync(cancellation);
        var open = await dispatcher.DispatchAsync(pipelines, cancellation);
        Failpoint.Pass("scheduler.dispatched");
        await lateness.LookAsync(pipelines, cancellation);
        await noticeDispatcher.DispatchAsync(cancellation);
        return new Round(open, behind.Count, silent);
    }

    /// <summary>Plans the tables of a pipeline that are due.</summary>
    /// <returns>False where they cannot be planned, because the source does not answer.</returns>
    private async Task<bool> PlanAsync(
        AppliedPipeline pipeline, IReadOnlyDictionary<(string Pipeline, string Table), TableSchedule> states, CancellationToken cancellation)
    {
        var due = new List<(TableDefinition Table, TableSchedule State, bool IsTick)>();
        foreach (var table in pipeline.Definition.Tables)
        {
            var key = (pipeline.Definition.Name, table.Table.ToString());
            var state = states.GetValueOrDefault(key) ?? new TableSchedule { Pipeline = key.Name, Table = key.Item2 };
            var isTick = IsTick(pipeline, table, state, key);
            if (isTick || behind.Contains(key))
            {
                due.Add((table, state, isTick));
            }
        }

        if (due.Count == 0)
        {
            return true;
        }

        if (await clocks.ReadAsync(pipeline, cancellation) is not { } clock)
        {
            return false;
        }

        foreach (var (table, state, isTick) in due)
        {
            var key = (pipeline.Definition.Name, table.Table.ToString());
            if (await planner.PlanAsync(pipeline, table, clock, isTick, cancellation))
            {
                behind.Add(key);
            }
            else
            {
                behind.Remove(key);
            }

            done.Add(key);
            if (isTick)
            {
                state.LastTickAt = time.GetUtcNow();
                await schedules.SaveAsync(state, notice: null, cancellation);
            }
        }

        return true;
    }

    private bool IsTick(AppliedPipeline pipeline, TableDefinition table, TableSchedule state, (string, string) key)
    {
        if (options.Value.Once)
        {
            return !done.Contains(key);
        }

        return state.LastTickAt is not { } last || table.Schedule.Next(last, pipeline.Definition.TimeZone) <= time.GetUtcNow();
    }

    private async Task SweepAsync(CancellationToken cancellation)
    {
        var policies = new Dictionary<Guid, RetryPolicy>();
        foreach (var run in await claims.ExpiredAsync(cancellation))
        {
            policies[run.Id] = await PolicyOfAsync(run, cancellation);
        }

        if (policies.Count == 0)
        {
            return;
        }

        foreach (var run in await claims.ExpireLeasesAsync(policies, cancellation))
        {
            TakenBack(run.Table, run.Window.ToString(), run.Attempt, run.Status.ToString());
        }
    }

    private async Task<RetryPolicy> PolicyOfAsync(Run run, CancellationToken cancellation)
    {
        try
        {
            var table = (await versions.OfAsync(run, cancellation)).Table;
            return new RetryPolicy(table.Retries, table.RetryDelay);
        }
        catch (UnusableDefinitionException)
        {
            return new RetryPolicy(0, TimeSpan.Zero); // The next attempt could not be made either.
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Table} {Window}: the worker of attempt {Attempt} is gone; the run is {Status}")]
    private partial void TakenBack(string table, string window, int attempt, string status);
}
