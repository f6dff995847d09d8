using DataLake.Contracts;
using DataLake.Ledger.Database;
using DataLake.Ledger.Maintenance;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Commits;

/// <summary>Whose turn it is at a table, and what became of it. The table itself is changed by whoever has the turn; that it was, is noted here afterwards.</summary>
public sealed class TableCommits(IDbContextFactory<LedgerContext> ledger, LedgerLocks locks, TimeProvider time)
{
    /// <summary>Takes the turn to commit to a table. It saves work and keeps the order; that no run is committed twice rests on the run ids in the table's snapshots, not on it.</summary>
    /// <returns>What gives the turn back, or null where another updater has it: that one looks for ready runs once more after it has given it back.</returns>
    public Task<IAsyncDisposable?> TryTakeTurnAsync(string pipeline, string table, CancellationToken cancellation) => locks.TryTakeAsync(TurnOf(pipeline, table), cancellation);

    /// <summary>Who has the turn to commit to a table, for people; null where nobody has.</summary>
    public Task<string?> TurnHolderAsync(string pipeline, string table, CancellationToken cancellation) => locks.HolderAsync(TurnOf(pipeline, table), cancellation);

    /// <summary>
    /// The extracted runs of a table whose turn it is, in the order to commit them: by window, and an incremental one only after all earlier windows. The first that waits for an earlier window ends the list.
    /// </summary>
    /// <param name="pipeline">The pipeline.</param>
    /// <param name="table">The table.</param>
    /// <param name="limit">How many are wanted.</param>
    /// <param name="cancellation">Stops the call.</param>
    public async Task<IReadOnlyList<ReadyRun>> ReadyAsync(string pipeline, string table, int limit, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var open = context.Runs.AsNoTracking().Where(run => run.Pipeline == pipeline && run.Table == table && run.Status != RunStatus.Committed);
        var extracted = await open.Where(run => run.Status == RunStatus.Extracted).OrderBy(run => run.WindowTo).ThenBy(run => run.ExtractedAt).Take(limit).ToListAsync(cancellation);
        var firstMissing = await open.Where(run => run.Kind == RunKind.Incremental && run.Status != RunStatus.Extracted).MinAsync(run => (DateTimeOffset?)run.WindowTo, cancellation);
        var ready = extracted.TakeWhile(run => run.Kind != RunKind.Incremental || firstMissing is not { } missing || missing > run.WindowFrom).ToList();
        var ids = ready.ConvertAll(run => run.Id);
        var files = (await context.Files.AsNoTracking().Where(file => ids.Contains(file.RunId)).ToListAsync(cancellation)).ToLookup(file => file.RunId);
        return [.. ready.Select(run => new ReadyRun(run, [.. files[run.Id].OrderBy(file => file.Number)]))];
    }

    /// <summary>Notes that runs are part of their table, and raises the notices of that. Those that are noted already are passed over.</summary>
    /// <param name="runIds">The runs.</param>
    /// <param name="snapshotId">The snapshot that holds them; null where there was nothing to hold.</param>
    /// <param name="announce">Whether somebody wants to be told of a success.</param>
    /// <param name="cancellation">Stops the call; nothing is noted then.</param>
    /// <returns>The runs that are committed by this.</returns>
    public async Task<IReadOnlyList<Run>> MarkCommittedAsync(IReadOnlyCollection<Guid> runIds, long? snapshotId, bool announce, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var ids = runIds.ToArray();
        var runs = await context.Runs.FromSql($"SELECT * FROM datalake.runs WHERE id = ANY ({ids}) AND status = 'Extracted' ORDER BY window_to FOR UPDATE").ToListAsync(cancellation);
        var now = time.GetUtcNow();
        foreach (var run in runs)
        {
            run.Status = RunStatus.Committed;
            run.SnapshotId = snapshotId;
            run.FinishedAt = now;
            run.Error = null;
        }

        await context.SaveChangesAsync(cancellation);
        foreach (var run in runs)
        {
            await AnnounceAsync(context, run, announce, now, cancellation);
        }

        foreach (var (pipeline, table) in runs.Select(run => (run.Pipeline, run.Table)).Distinct())
        {
            await MaintenanceStore.PlanAsync(context, pipeline, table, now + MaintenanceStore.AfterCommit, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return runs;
    }

    /// <summary>Notes why extracted runs are not committed yet. They stay ready, and are tried again.</summary>
    public async Task NoteProblemAsync(IReadOnlyCollection<Guid> runIds, string problem, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var ids = runIds.ToArray();
        await context.Runs.Where(run => ids.Contains(run.Id) && run.Status == RunStatus.Extracted)
            .ExecuteUpdateAsync(set => set.SetProperty(run => run.Error, problem), cancellation);
    }

    /// <summary>Ends an extracted run that cannot be committed: it has failed, and is read again at its table's next tick.</summary>
    public async Task RefuseAsync(Guid runId, string error, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var run = await context.Runs.FromSql($"SELECT * FROM datalake.runs WHERE id = {runId} FOR UPDATE").SingleAsync(cancellation);
        if (run.Status != RunStatus.Extracted)
        {
            return;
        }

        var now = time.GetUtcNow();
        run.Status = RunStatus.Failed;
        run.Error = error;
        run.FinishedAt = now;
        await context.SaveChangesAsync(cancellation);
        await NoticeStore.RaiseFailureAsync(context, run, now, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The windows of a table that are committed, those that brought no rows included.</summary>
    public async Task<IReadOnlyList<Window>> WindowsAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var bounds = await context.Runs
            .Where(run => run.Pipeline == pipeline && run.Table == table && run.Status == RunStatus.Committed)
            .Select(run => new { run.WindowFrom, run.WindowTo }).Distinct().ToListAsync(cancellation);
        return [.. bounds.Select(row => new Window(row.WindowFrom, row.WindowTo))];
    }

    private static string TurnOf(string pipeline, string table) => $"commit/{pipeline}/{table}";

    private static async Task AnnounceAsync(LedgerContext context, Run run, bool announce, DateTimeOffset now, CancellationToken cancellation)
    {
        await NoticeStore.RaiseRecoveryAsync(context, run, now, cancellation);
        if (announce)
        {
            await NoticeStore.RaiseAsync(context, new Notice
            {
                Id = Guid.CreateVersion7(now),
                Event = NoticeEvent.Succeeded,
                Key = $"succeeded/{run.Id}",
                Pipeline = run.Pipeline,
                Table = run.Table,
                RunId = run.Id,
                DefinitionVersion = run.DefinitionVersion,
                RaisedAt = now,
                Text = $"{run.Table} {run.Window} is committed: {run.Rows:N0} rows in {run.FileCount} file(s), {run.Bytes:N0} bytes.",
            }, cancellation);
        }
    }
}
