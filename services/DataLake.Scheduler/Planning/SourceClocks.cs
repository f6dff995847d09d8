using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Scheduling;
using DataLake.Postgres.Errors;
using DataLake.Scheduler.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.ServiceDefaults.Sources;

namespace DataLake.Scheduler.Planning;

/// <summary>
/// The clocks of the sources: they, not this machine's, decide where a window may end. A source that does not answer is asked again with growing
/// pauses; that it fails, and that it is well again, is told once.
/// </summary>
public sealed partial class SourceClocks(
    SourcePool sources, ScheduleStore schedules, TimeProvider time, ILogger<SourceClocks> logger)
{
    /// <summary>Stands for a whole pipeline where the ledger asks for a table.</summary>
    public const string WholePipeline = "*";

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    // One source that hangs must not hold up the planning of all others.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);
    private readonly Dictionary<string, (DateTimeOffset NextTry, TimeSpan Pause)> silent = [];

    // The pipelines that the ledger is known not to show as failing; it may show a failure that an earlier process recorded.
    private readonly HashSet<string> healthy = [];

    /// <summary>The source's clock, or null while it does not answer.</summary>
    public async Task<DateTimeOffset?> ReadAsync(AppliedPipeline pipeline, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        if (silent.TryGetValue(name, out var wait) && time.GetUtcNow() < wait.NextTry)
        {
            return null;
        }

        var (clock, problem) = await AskAsync(pipeline, cancellation);
        if (problem is null)
        {
            await RecoveredAsync(pipeline, cancellation);
            return clock;
        }

        var pause = wait.Pause == TimeSpan.Zero ? TimeSpan.FromSeconds(2) : wait.Pause * 2;
        pause = pause < LongestPause ? pause : LongestPause;
        silent[name] = (time.GetUtcNow() + pause, pause);
        await FailedAsync(pipeline, problem, cancellation);
        return null;
    }

    private async Task<(DateTimeOffset Clock, string? Problem)> AskAsync(AppliedPipeline pipeline, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestWait);
        try
        {
            return (await sources.Get(pipeline.Definition).ClockAsync(limit.Token), null);
        }
        catch (Exception error) when (error is SourceException or SecretException)
        {
            return (default, error.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (default, $"The source did not say what time it is within {LongestWait.TotalSeconds:0} s. Check the network to it and its load.");
        }
    }

    private async Task FailedAsync(AppliedPipeline pipeline, string problem, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        healthy.Remove(name);
        var state = await schedules.GetAsync(name, WholePipeline, cancellation);
        if (state.FailingSince is not null && state.Error == problem)
        {
            return;
        }

        var isNew = state.FailingSince is null;
        state.FailingSince ??= time.GetUtcNow();
        state.Error = problem;
        var text = $"No table of the pipeline {name} can be planned. {problem} Planning is tried again by itself; windows that were missed are caught up in order.";
        await schedules.SaveAsync(state, isNew ? NoticeOf(pipeline, NoticeEvent.Failed, state.FailingSince.Value, text) : null, cancellation);
        CannotPlan(name, problem);
    }

    private async Task RecoveredAsync(AppliedPipeline pipeline, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        silent.Remove(name);
        if (healthy.Contains(name))
        {
            return;
        }

        var state = await schedules.GetAsync(name, WholePipeline, cancellation);
        if (state.FailingSince is { } since)
        {
            state.FailingSince = null;
            state.Error = null;
            var text = $"The source of the pipeline {name} answers again; its tables are planned from where they stopped.";
            await schedules.SaveAsync(state, NoticeOf(pipeline, NoticeEvent.Recovered, since, text), cancellation);
            PlansAgain(name);
        }

        healthy.Add(name);
    }

    private Notice NoticeOf(AppliedPipeline pipeline, NoticeEvent happening, DateTimeOffset since, string text) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        Event = happening,
        Key = $"source-{happening}/{pipeline.Definition.Name}/{since:O}",
        Pipeline = pipeline.Definition.Name,
        Table = WholePipeline,
        DefinitionVersion = pipeline.Version,
        RaisedAt = time.GetUtcNow(),
        Text = text,
    };

    [LoggerMessage(LogLevel.Error, "Pipeline {Pipeline} cannot be planned: {Problem}")]
    private partial void CannotPlan(string pipeline, string problem);

    [LoggerMessage(LogLevel.Information, "The source of the pipeline {Pipeline} answers again")]
    private partial void PlansAgain(string pipeline);
}
