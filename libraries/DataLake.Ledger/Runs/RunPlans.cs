using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Runs;

/// <summary>The scheduler's side of runs: add them, find those that want a message, plan failed ones again. Call it under the scheduler's lock.</summary>
public sealed class RunPlans(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>
    /// Adds planned runs of one table, all or none. Where another scheduler has planned windows of the table since <paramref name="plannedTo"/> was
    /// read, none is added, so that windows cannot overlap; and none where the runs of that backfill are there already.
    /// </summary>
    /// <returns>How many were new.</returns>
    public async Task<int> AddAsync(IReadOnlyCollection<Run> runs, DateTimeOffset? plannedTo, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(runs);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        foreach (var (pipeline, table, backfill) in runs.Select(run => (run.Pipeline, run.Table, run.BackfillId)).Distinct())
        {
            await context.Database.ExecuteSqlAsync($"SELECT pg_advisory_xact_lock(hashtextextended({pipeline + "/" + table}, 0))", cancellation);
            if (await PlannedToAsync(context, pipeline, table, cancellation) != plannedTo
                || (backfill != Guid.Empty && await context.Runs.AnyAsync(run => run.Pipeline == pipeline && run.Table == table && run.BackfillId == backfill, cancellation)))
            {
                return 0;
            }
        }

        context.Runs.AddRange(runs);
        await context.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return runs.Count;
    }

    /// <summary>All runs that are neither committed nor failed, oldest window first.</summary>
    public async Task<IReadOnlyList<Run>> OpenAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AsNoTracking()
            .Where(run => run.Status != RunStatus.Committed && run.Status != RunStatus.Failed)
            .OrderBy(run => run.WindowTo).ThenBy(run => run.PlannedAt).ToListAsync(cancellation);
    }

    /// <summary>
    /// The tables (pipeline and table) with a failed window, and where the first of those ends: it has to be replayed before later ones are read.
    /// </summary>
    public async Task<IReadOnlyDictionary<(string Pipeline, string Table), DateTimeOffset>> FirstFailedAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.Where(run => run.Status == RunStatus.Failed && run.Kind != RunKind.Backfill)
            .GroupBy(run => new { run.Pipeline, run.Table })
            .Select(runs => new { runs.Key.Pipeline, runs.Key.Table, First = runs.Min(run => run.WindowTo) })
            .ToDictionaryAsync(row => (row.Pipeline, row.Table), row => row.First, cancellation);
    }

    /// <summary>Whether a backfill of the table has runs that are not committed.</summary>
    public async Task<bool> HasOpenBackfillAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Runs.AnyAsync(
            run => run.Pipeline == pipeline && run.Table == table && run.Kind == RunKind.Backfill && run.Status != RunStatus.Committed, cancellation);
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

    /// <summary>
    /// Plans the failed runs of a table again: the same runs and windows, with a fresh count of tries. They follow the definition in force, for the
    /// remedy of most failures is to correct it.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> ReplayFailedAsync(string pipeline, string table, int definitionVersion, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        return await context.Runs
            .Where(run => run.Pipeline == pipeline && run.Table == table && run.Status == RunStatus.Failed)
            .ExecuteUpdateAsync(set => set
                .SetProperty(run => run.Status, RunStatus.Planned)
                .SetProperty(run => run.DefinitionVersion, definitionVersion)
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
