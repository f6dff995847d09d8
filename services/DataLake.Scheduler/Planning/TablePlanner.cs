using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Windows;
using DataLake.Scheduler.Definitions;
using DataLake.ServiceDefaults.Telemetry;

namespace DataLake.Scheduler.Planning;

/// <summary>Plans the runs of one table: failed ones again, and the windows that have closed since.</summary>
public sealed partial class TablePlanner(RunPlans plans, TimeProvider time, ILogger<TablePlanner> logger)
{
    /// <summary>The most runs of one table that wait at a time; a longer backlog is planned as it is worked off.</summary>
    public const int MostOpenRuns = 50;

    /// <summary>Plans what is due.</summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="sourceClock">The source's clock.</param>
    /// <param name="replayFailed">Whether failed runs are planned again: at a tick of the schedule, not while a backlog is worked off.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Whether more windows are closed than could be planned now.</returns>
    public async Task<bool> PlanAsync(
        AppliedPipeline pipeline, TableDefinition table, DateTimeOffset sourceClock, bool replayFailed, CancellationToken cancellation)
    {
        var (name, tableName) = (pipeline.Definition.Name, table.Table.ToString());
        if (replayFailed && await plans.ReplayFailedAsync(name, tableName, pipeline.Version, cancellation) is > 0 and var replayed)
        {
            Replays(replayed, tableName);
        }

        var progress = await plans.ProgressAsync(name, tableName, cancellation);
        if (progress.Failed > 0)
        {
            return false; // Nothing later may be read before the next tick replays it.
        }

        var room = MostOpenRuns - progress.Open;
        var windows = pipeline.Definition.WindowRuleOf(table) is { } rule
            ? Incremental(rule, progress, sourceClock, room)
            : FullLoad(progress, sourceClock);
        if (windows.Count == 0)
        {
            return room <= 0;
        }

        var kind = table.Cursor is null ? RunKind.Full : RunKind.Incremental;
        var runs = windows.Select(window => NewRun(pipeline, tableName, kind, window, Guid.Empty)).ToList();
        var added = await plans.AddAsync(runs, progress.PlannedTo, cancellation);
        Planned(added, tableName, new Window(windows[0].From, windows[^1].To).ToString());
        return windows.Count >= room;
    }

    /// <summary>A run that is planned now. Its trace starts here.</summary>
    internal Run NewRun(AppliedPipeline pipeline, string table, RunKind kind, Window window, Guid backfill)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        using var step = DataLakeTelemetry.StartStep("plan", null, pipeline.Definition.Name, table, id);
        return new Run
        {
            Id = id,
            Pipeline = pipeline.Definition.Name,
            Table = table,
            Kind = kind,
            WindowFrom = window.From,
            WindowTo = window.To,
            BackfillId = backfill,
            DefinitionVersion = pipeline.Version,
            PlannedAt = now,
            DueAt = now,
            TraceParent = step?.Id,
        };
    }

    private static IReadOnlyList<Window> Incremental(WindowRule rule, TableProgress progress, DateTimeOffset sourceClock, int room)
    {
        // Without a size the next window holds all that comes until then: one waits at a time.
        var most = rule.Size is null ? (progress.Open > 0 ? 0 : 1) : room;
        return most <= 0 ? [] : WindowPlanner.Plan(rule, progress.PlannedTo, sourceClock, most);
    }

    private static IReadOnlyList<Window> FullLoad(TableProgress progress, DateTimeOffset sourceClock)
    {
        var instant = new DateTimeOffset(sourceClock.UtcTicks / 10 * 10, TimeSpan.Zero);
        return progress.Open > 0 || instant <= progress.PlannedTo ? [] : [new Window(Window.Beginning, instant)];
    }

    [LoggerMessage(LogLevel.Debug, "{Count} window(s) of {Table} planned: {Range}")]
    private partial void Planned(int count, string table, string range);

    [LoggerMessage(LogLevel.Information, "{Count} failed run(s) of {Table} are planned again")]
    private partial void Replays(int count, string table);
}
