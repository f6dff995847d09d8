using DataLake.Contracts;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Windows;
using DataLake.Scheduler.Definitions;

namespace DataLake.Scheduler.Planning;

/// <summary>
/// Turns the backfills that people asked for into runs. A table has one at a time: which windows the next covers follows from what the first has committed.
/// </summary>
public sealed partial class BackfillPlanner(
    ScheduleStore schedules, RunPlans plans, TableCommits commits, TablePlanner planner, ILogger<BackfillPlanner> logger)
{
    /// <summary>Plans every backfill that waits.</summary>
    public async Task PlanAsync(IReadOnlyList<AppliedPipeline> pipelines, CancellationToken cancellation)
    {
        foreach (var backfill in await schedules.WaitingBackfillsAsync(cancellation))
        {
            if (await plans.HasOpenBackfillAsync(backfill.Pipeline, backfill.Table, cancellation))
            {
                continue;
            }

            var error = await PlanOneAsync(backfill, pipelines, cancellation);
            await schedules.EndBackfillAsync(backfill.Id, error, cancellation);
            if (error is not null)
            {
                Refused(backfill.Id, error);
            }
        }
    }

    /// <returns>Why it cannot be planned, or null where it is.</returns>
    private async Task<string?> PlanOneAsync(Backfill backfill, IReadOnlyList<AppliedPipeline> pipelines, CancellationToken cancellation)
    {
        var pipeline = pipelines.FirstOrDefault(candidate => candidate.Definition.Name == backfill.Pipeline);
        var table = TableName.TryParse(backfill.Table) is { } name ? pipeline?.Definition.FindTable(name) : null;
        if (pipeline is null || table is null || pipeline.Definition.WindowRuleOf(table) is not { } rule)
        {
            return $"No definition in force has a table {backfill.Table} with a cursor in a pipeline {backfill.Pipeline}; only such a table can be read again by range.";
        }

        var range = new Window(backfill.RangeFrom, backfill.RangeTo);
        var progress = await plans.ProgressAsync(backfill.Pipeline, backfill.Table, cancellation);
        if (progress.PlannedTo is not { } plannedTo || range.From >= plannedTo)
        {
            return $"{backfill.Table} is planned to {progress.PlannedTo?.ToString("u") ?? "nowhere yet"}; what comes after that is loaded by its schedule.";
        }

        try
        {
            // Where rows have a key, reading one again does no harm; where they have none, whole windows must be read again and replaced.
            var windows = table.Write == WriteMode.Upsert
                ? Cut(rule, new Window(range.From, range.To < plannedTo ? range.To : plannedTo))
                : WindowPlanner.PlanBackfill(rule, range, await commits.WindowsAsync(backfill.Pipeline, backfill.Table, cancellation));
            if (windows.Count == 0)
            {
                return $"{backfill.Table} has no committed window in {range}; what is planned there is loaded by itself. Ask again when it is.";
            }

            var runs = windows.Select(window => planner.NewRun(pipeline, backfill.Table, RunKind.Backfill, window, backfill.Id)).ToList();
            await plans.AddAsync(runs, plannedTo, cancellation);
            Planned(backfill.Table, runs.Count, range.ToString());
            return null;
        }
        catch (ArgumentException tooMany)
        {
            return tooMany.Message;
        }
    }

    private static List<Window> Cut(WindowRule rule, Window range)
    {
        var windows = WindowPlanner.Plan(rule with { Lag = TimeSpan.Zero, Start = range.From }, range.From, range.To, WindowPlanner.MaxBackfillWindows).ToList();
        var reached = windows.Count > 0 ? windows[^1].To : range.From;
        if (reached < range.To)
        {
            windows.Add(new Window(reached, range.To));
        }

        return windows;
    }

    [LoggerMessage(LogLevel.Information, "Backfill of {Table} {Range}: {Runs} run(s) planned")]
    private partial void Planned(string table, int runs, string range);

    [LoggerMessage(LogLevel.Error, "Backfill {Id} cannot be planned: {Problem}")]
    private partial void Refused(Guid id, string problem);
}
