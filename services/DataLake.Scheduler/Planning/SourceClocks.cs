using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using DataLake.Ledger.Scheduling;
using DataLake.Postgres.Errors;
using DataLake.Scheduler.Definitions;
using DataLake.ServiceDefaults.Secrets;
using DataLake.ServiceDefaults.Sources;

namespace DataLake.Scheduler.Planning;

/// <summary>
/// The clocks of the sources: they, not this machine's, decide where a window may end. A source that does not answer is asked again with growing
/// pauses; that it fails, and that it is well again, is told once.
/// </summary>
public sealed partial class SourceClocks(
    SourcePool sources, ScheduleStore schedules, NoticeStore notices, TimeProvider time, ILogger<SourceClocks> logger)
{
    /// <summary>Stands for a whole pipeline where the ledger asks for a table.</summary>
    public const string WholePipeline = "*";

    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly Dictionary<string, (DateTimeOffset NextTry, TimeSpan Pause)> silent = [];

    /// <summary>The source's clock, or null while it does not answer.</summary>
    public async Task<DateTimeOffset?> ReadAsync(AppliedPipeline pipeline, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        if (silent.TryGetValue(name, out var wait) && time.GetUtcNow() < wait.NextTry)
        {
            return null;
        }

        try
        {
            var clock = await sources.Get(pipeline.Definition).ClockAsync(cancellation);
            await RecoveredAsync(pipeline, cancellation);
            return clock;
        }
        catch (Exception error) when (error is SourceException or SecretException)
        {
            var pause = wait.Pause == TimeSpan.Zero ? TimeSpan.FromSeconds(2) : wait.Pause * 2;
            pause = pause < LongestPause ? pause : LongestPause;
            silent[name] = (time.GetUtcNow() + pause, pause);
            await FailedAsync(pipeline, error.Message, cancellation);
            return null;
        }
    }

    private async Task FailedAsync(AppliedPipeline pipeline, string problem, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        var state = await schedules.GetAsync(name, WholePipeline, cancellation);
        if (state.FailingSince is not null && state.Error == problem)
        {
            return;
        }

        var isNew = state.FailingSince is null;
        state.FailingSince ??= time.GetUtcNow();
        state.Error = problem;
        await schedules.SaveAsync(state, cancellation);
        CannotPlan(name, problem);
        if (isNew)
        {
            var text = $"No table of the pipeline {name} can be planned. {problem} Planning is tried again by itself; windows that were missed are caught up in order.";
            await notices.RaiseAsync(NoticeOf(pipeline, NoticeEvent.Failed, state.FailingSince.Value, text), cancellation);
        }
    }

    private async Task RecoveredAsync(AppliedPipeline pipeline, CancellationToken cancellation)
    {
        var name = pipeline.Definition.Name;
        var known = silent.Remove(name);
        if (!known && checkedOnce.Contains(name))
        {
            return;
        }

        checkedOnce.Add(name);
        var state = await schedules.GetAsync(name, WholePipeline, cancellation);
        if (state.FailingSince is not { } since)
        {
            return;
        }

        state.FailingSince = null;
        state.Error = null;
        await schedules.SaveAsync(state, cancellation);
        await notices.RaiseAsync(NoticeOf(pipeline, NoticeEvent.Recovered, since, $"The source of the pipeline {name} answers again; its tables are planned from where they stopped."), cancellation);
        PlansAgain(name);
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

    // A failure that an earlier process recorded is taken back when the source is first heard of.
    private readonly HashSet<string> checkedOnce = [];

    [LoggerMessage(LogLevel.Error, "Pipeline {Pipeline} cannot be planned: {Problem}")]
    private partial void CannotPlan(string pipeline, string problem);

    [LoggerMessage(LogLevel.Information, "The source of the pipeline {Pipeline} answers again")]
    private partial void PlansAgain(string pipeline);
}
