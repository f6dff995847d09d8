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
/// went unanswered.
/// </summary>
public sealed class RunDispatcher(RunPlans plans, IBus bus, TimeProvider time, IOptions<DataLakeOptions> options)
{
    /// <summary>Sends what is due.</summary>
    /// <returns>How many runs are open: planned or under way.</returns>
    public async Task<int> DispatchAsync(IReadOnlyList<AppliedPipeline> pipelines, CancellationToken cancellation)
    {
        var open = await plans.OpenAsync(cancellation);
        var blocked = await plans.FailedTablesAsync(cancellation);
        var now = time.GetUtcNow();
        foreach (var ofPipeline in open.GroupBy(run => run.Pipeline))
        {
            var definition = pipelines.FirstOrDefault(pipeline => pipeline.Definition.Name == ofPipeline.Key)?.Definition;
            var room = Math.Min(definition?.Source.MaxRuns ?? 1, definition?.Source.MaxConnections ?? 1) - ofPipeline.Count(run => IsBeingRead(run, now));
            foreach (var run in Turns(ofPipeline, definition, blocked, now))
            {
                if (run.Status == RunStatus.Extracted)
                {
                    await SendAsync(run, new WindowExtracted(run.Id), cancellation);
                }
                else if (room-- > 0)
                {
                    await SendAsync(run, new ExtractWindow(run.Id), cancellation);
                }
            }
        }

        return open.Count;
    }

    /// <summary>The runs that want a message now: each table's next ones, oldest window first over all tables.</summary>
    private IEnumerable<Run> Turns(IEnumerable<Run> open, PipelineDefinition? pipeline, IReadOnlySet<(string, string)> blocked, DateTimeOffset now) =>
        open.GroupBy(run => run.Table)
            .SelectMany(runs => TurnsOfTable([.. runs], ConcurrencyOf(pipeline, runs.Key), blocked.Contains((runs.First().Pipeline, runs.Key)), now))
            .OrderBy(run => run.DispatchedAt ?? run.PlannedAt).ThenBy(run => run.WindowTo);

    private IEnumerable<Run> TurnsOfTable(IReadOnlyList<Run> runs, int concurrency, bool hasFailed, DateTimeOffset now)
    {
        // A run that waits for its commit still holds its table's place: the next may only be read when its rows are in.
        var room = concurrency - runs.Count(run => IsBeingRead(run, now) || run.Status == RunStatus.Extracted);
        foreach (var run in runs.Where(run => run.Status == RunStatus.Extracted && !WasJustSent(run, now)))
        {
            yield return run;
        }

        // A failed window is replayed before later ones are read; a backfill waits until the regular windows are through.
        var waiting = runs.Where(run => run.Status == RunStatus.Planned && !WasJustSent(run, now))
            .Where(run => run.Kind == RunKind.Backfill || !hasFailed)
            .OrderBy(run => run.Kind == RunKind.Backfill).ThenBy(run => run.WindowTo);
        foreach (var run in waiting.TakeWhile(run => run.DueAt <= now))
        {
            if (room-- <= 0)
            {
                yield break;
            }

            yield return run;
        }
    }

    private static int ConcurrencyOf(PipelineDefinition? pipeline, string table) =>
        TableName.TryParse(table) is { } name ? pipeline?.FindTable(name)?.Concurrency ?? 1 : 1;

    private bool IsBeingRead(Run run, DateTimeOffset now) =>
        run.Status == RunStatus.Extracting || (run.Status == RunStatus.Planned && WasJustSent(run, now));

    private bool WasJustSent(Run run, DateTimeOffset now) => run.DispatchedAt is { } sent && now - sent < options.Value.Resend;

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
