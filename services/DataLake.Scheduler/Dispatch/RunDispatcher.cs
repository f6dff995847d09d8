using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.Scheduler.Definitions;
using DataLake.ServiceDefaults.Configuration;
using DataLake.ServiceDefaults.Telemetry;
using MassTransit;
using Microsoft.Extensions.Options;

namespace DataLake.Scheduler.Dispatch;

/// <summary>
/// Sends a message for each run that is due, in the order of each table's windows and within the limits of table and source; and again for one whose message
/// went unanswered. A run that was sent keeps its place until it is answered, so that late messages cannot exceed the limits.
/// </summary>
public sealed class RunDispatcher(RunPlans plans, IBus bus, TimeProvider time, IOptions<DataLakeOptions> options)
{
    /// <summary>Sends what is due.</summary>
    /// <returns>How many runs are planned or under way, without those that wait for a failed window before them.</returns>
    public async Task<int> DispatchAsync(IReadOnlyList<AppliedPipeline> pipelines, CancellationToken cancellation)
    {
        // In this order: a run that fails between the two is still seen as under way, and holds up those behind it.
        var all = await plans.OpenAsync(cancellation);
        var firstFailed = await plans.FirstFailedAsync(cancellation);
        var open = all.Where(run => !IsBlocked(run, firstFailed)).ToList();
        var now = time.GetUtcNow();
        foreach (var ofPipeline in open.GroupBy(run => run.Pipeline))
        {
            var definition = pipelines.FirstOrDefault(pipeline => pipeline.Definition.Name == ofPipeline.Key)?.Definition;
            var room = Math.Min(definition?.Source.MaxRuns ?? 1, definition?.Source.MaxConnections ?? 1) - ofPipeline.Count(IsBeingRead);
            foreach (var run in Turns(ofPipeline, definition, now))
            {
                if (run.Status == RunStatus.Extracted)
                {
                    await SendAsync(run, new WindowExtracted(run.Id), cancellation);
                }
                else if (IsBeingRead(run) || room-- > 0)
                {
                    await SendAsync(run, new ExtractWindow(run.Id), cancellation);
                }
            }
        }

        return open.Count;
    }

    /// <summary>The runs that want a message now: each table's next ones, oldest window first over all tables.</summary>
    private IEnumerable<Run> Turns(IEnumerable<Run> open, PipelineDefinition? pipeline, DateTimeOffset now) =>
        open.GroupBy(run => run.Table)
            .SelectMany(runs => TurnsOfTable([.. runs], ConcurrencyOf(pipeline, runs.Key), now))
            .OrderBy(run => run.PlannedAt).ThenBy(run => run.WindowTo);

    private IEnumerable<Run> TurnsOfTable(IReadOnlyList<Run> runs, int concurrency, DateTimeOffset now)
    {
        foreach (var run in runs.Where(run => run.DispatchedAt is { } sent && run.Status != RunStatus.Extracting && now - sent >= options.Value.Resend))
        {
            yield return run;
        }

        // A run that waits for its commit still holds its table's place: the next may only be read when its rows are in.
        var room = concurrency - runs.Count(run => IsBeingRead(run) || run.Status == RunStatus.Extracted);
        // A backfill waits until the regular windows are through; and a run whose time has not come holds up those behind it.
        var waiting = runs.Where(run => run.Status == RunStatus.Planned && run.DispatchedAt is null)
            .OrderBy(run => run.Kind == RunKind.Backfill).ThenBy(run => run.WindowTo);
        foreach (var run in waiting.TakeWhile(run => run.DueAt <= now).Take(Math.Max(room, 0)))
        {
            yield return run;
        }
    }

    private static int ConcurrencyOf(PipelineDefinition? pipeline, string table) =>
        TableName.TryParse(table) is { } name ? pipeline?.FindTable(name)?.Concurrency ?? 1 : 1;

    private static bool IsBeingRead(Run run) =>
        run.Status == RunStatus.Extracting || (run.Status == RunStatus.Planned && run.DispatchedAt is not null);

    /// <summary>A failed window is replayed, at its table's next tick, before later ones are read or committed.</summary>
    private static bool IsBlocked(Run run, IReadOnlyDictionary<(string, string), DateTimeOffset> firstFailed) =>
        run.Kind != RunKind.Backfill && !IsBeingRead(run)
        && firstFailed.TryGetValue((run.Pipeline, run.Table), out var failed) && run.WindowTo > failed;

    private async Task SendAsync<TMessage>(Run run, TMessage message, CancellationToken cancellation) where TMessage : class
    {
        if (!await plans.MarkDispatchedAsync(run.Id, run.Status, cancellation))
        {
            return; // It went on by itself meanwhile.
        }

        using var step = DataLakeTelemetry.StartStep("dispatch", run.TraceParent, run.Pipeline, run.Table, run.Id);
        await bus.Publish(message, cancellation);
    }
}
