using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Runs;

/// <summary>The scheduler's side of runs: add them, find those that want a message, plan failed ones again. Call it under the scheduler's lock.</summary>
public sealed class RunPlans(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>
    /// Adds planned runs of one table. One that is there already (same kind and window) is left as it is; and where another scheduler has planned
    /// windows of the table since <paramref name="plannedTo"/> was read, none is added, so that windows cannot overlap.
    /// </summary>
    /// <returns>How many were new.</returns>
    public async Task<int> AddAsync(IReadOnlyCollection<Run> runs, DateTimeOffset? plannedTo, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(runs);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        foreach (var (pipeline, table) in runs.Select(run => (run.Pipeline, run.Table)).Distinct())
        {
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({pipeline + "/" + table}, 0))", cancellation);
            if (await PlannedToAsync(context, pipeline, table, cancellation) != plannedTo)
            {
                return 0;
            }
        }

        var added = 0;
        foreach (var run in runs)
        {
            added += await context.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO datalake.runs (id, pipeline, table_name, kind, window_from, window_to, backfill_id, definition_version, status,
                    attempt, failed_attempts, planned_at, due_at, rows, bytes, file_count, trace_parent)
                VALUES ({run.Id}, {run.Pipeline}, {run.Table}, {run.Kind.ToString()}, {run.WindowFrom}, {run.WindowTo}, {run.BackfillId}, {run.DefinitionVersion},
                    'Planned', 0, 0, {run.PlannedAt}, {run.DueAt}, 0, 0, 0, {run.TraceParent})
                ON CONFLICT (pipeline, table_name, kind, window_from, window_to, backfill_id) DO NOTHING
                """, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return added;
    }

    /// <summary>All runs that are neither committed nor failed, oldest window first.</summary>
    public async Task<IReadOnlyList<Run>> OpenAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AsNoTracking()
            .Where(run => run.Status != RunStatus.Committed && run.Status != RunStatus.Failed)
            .OrderBy(run => run.WindowTo).ThenBy(run => run.PlannedAt).ToListAsync(cancellation);
    }

    /// <summary>The tables (pipeline and table) with a failed window that has to be replayed before later ones are read.</summary>
    public async Task<IReadOnlySet<(string Pipeline, string Table)>> FailedTablesAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var tables = await context.Runs.Where(run => run.Status == RunStatus.Failed && run.Kind != RunKind.Backfill)
            .Select(run => new { run.Pipeline, run.Table }).Distinct().ToListAsync(cancellation);
        return tables.Select(row => (row.Pipeline, row.Table)).ToHashSet();
    }

    /// <summary>Where a table's windows end: the last one planned, the last one up to which all are committed, and whether one has failed.</summary>
    public async Task<TableProgress> ProgressAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var runs = context.Runs.Where(run => run.Pipeline == pipeline && run.Table == table && run.Kind != RunKind.Backfill);
        var plannedTo = await PlannedToAsync(context, pipeline, table, cancellation);
        var firstOpen = await runs.Where(run => run.Status != RunStatus.Committed).MinAsync(run => (DateTimeOffset?)run.WindowTo, cancellation);
        var completeTo = await runs.Where(run => run.Status == RunStatus.Committed && (firstOpen == null || run.WindowTo < firstOpen))
            .MaxAsync(run => (DateTimeOffset?)run.WindowTo, cancellation);
        var open = await runs.CountAsync(run => run.Status != RunStatus.Committed && run.Status != RunStatus.Failed, cancellation);
        var failed = await runs.CountAsync(run => run.Status == RunStatus.Failed, cancellation);
        return new TableProgress(plannedTo, completeTo, open, failed);
    }

    /// <summary>Plans the failed runs of a table again: the same windows, the same definition, a fresh count of tries.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ReplayFailedAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        return await context.Runs
            .Where(run => run.Pipeline == pipeline && run.Table == table && run.Status == RunStatus.Failed)
            .ExecuteUpdateAsync(set => set
                .SetProperty(run => run.Status, RunStatus.Planned)
                .SetProperty(run => run.FailedAttempts, 0)
                .SetProperty(run => run.DispatchedAt, (DateTimeOffset?)null)
                .SetProperty(run => run.FinishedAt, (DateTimeOffset?)null)
                .SetProperty(run => run.DueAt, now), cancellation);
    }

    /// <summary>Notes that a message was sent for a run that is still in <paramref name="status"/>.</summary>
    /// <returns>Whether it still is.</returns>
    public async Task<bool> MarkDispatchedAsync(Guid runId, RunStatus status, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        return await context.Runs.Where(run => run.Id == runId && run.Status == status)
            .ExecuteUpdateAsync(set => set.SetProperty(run => run.DispatchedAt, now), cancellation) == 1;
    }

    private static Task<DateTimeOffset?> PlannedToAsync(LedgerContext context, string pipeline, string table, CancellationToken cancellation) =>
        context.Runs.Where(run => run.Pipeline == pipeline && run.Table == table && run.Kind != RunKind.Backfill)
            .MaxAsync(run => (DateTimeOffset?)run.WindowTo, cancellation);
}
