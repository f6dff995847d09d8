using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Pipelines.Definitions;
using DataLake.Scheduler.Definitions;

namespace DataLake.Scheduler.Lateness;

/// <summary>Tells when a table is complete to less than its definition allows, and when it has caught up. Each once.</summary>
public sealed class LatenessWatch(RunPlans plans, ScheduleStore schedules, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);
    private DateTimeOffset nextLook;
    private DateTimeOffset? firstLook;

    /// <summary>Looks at every table that has a limit, every few seconds.</summary>
    public async Task LookAsync(IReadOnlyList<AppliedPipeline> pipelines, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        firstLook ??= now;
        if (now < nextLook)
        {
            return;
        }

        nextLook = now + Pause;
        foreach (var pipeline in pipelines)
        {
            foreach (var table in pipeline.Definition.Tables)
            {
                if (table.LateAfter is { } allowed)
                {
                    await LookAtAsync(pipeline, table, allowed, now, cancellation);
                }
            }
        }
    }

    private async Task LookAtAsync(AppliedPipeline pipeline, TableDefinition table, TimeSpan allowed, DateTimeOffset now, CancellationToken cancellation)
    {
        var (name, tableName) = (pipeline.Definition.Name, table.Table.ToString());
        var completeTo = (await plans.ProgressAsync(name, tableName, cancellation)).CompleteTo;
        // After a pause of the whole system every table is behind; it is late only when it does not catch up in its time.
        var since = completeTo is { } reached && reached > firstLook ? reached : firstLook!.Value;
        var isLate = now - since > allowed;
        var state = await schedules.GetAsync(name, tableName, cancellation);
        if (isLate == state.LateSince is not null || (!isLate && !(now - completeTo <= allowed)))
        {
            return;
        }

        var lateSince = state.LateSince ?? now;
        state.LateSince = isLate ? now : null;
        var reachedText = completeTo?.UtcDateTime.ToString("u") ?? "nothing";
        await schedules.SaveAsync(state, new Notice
        {
            Id = Guid.CreateVersion7(now),
            Event = isLate ? NoticeEvent.Late : NoticeEvent.Recovered,
            Key = $"{(isLate ? "late" : "on-time")}/{name}/{tableName}/{lateSince:O}",
            Pipeline = name,
            Table = tableName,
            DefinitionVersion = pipeline.Version,
            RaisedAt = now,
            Text = isLate
                ? $"{tableName} is late: it is complete to {reachedText}, and its definition allows {allowed} behind. Look at its runs with: lake runs --table {tableName}"
                : $"{tableName} has caught up: it is complete to {reachedText}.",
        }, cancellation);
    }
}
