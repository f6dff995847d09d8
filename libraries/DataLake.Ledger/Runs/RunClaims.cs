using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Runs;

/// <summary>
/// A worker's side of a run: claim it, keep it, finish it. Every step after the claim is fenced by the attempt number,
/// so that a worker that lost its lease changes nothing.
/// </summary>
public sealed class RunClaims(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>Claims a run that is planned and due. Of any number of workers that try, one gets it.</summary>
    /// <returns>The run with its new attempt number, or null where there is nothing to claim.</returns>
    public async Task<Run?> ClaimAsync(Guid runId, string worker, TimeSpan lease, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var run = await TakeAsync(context, runId, worker, lease, time.GetUtcNow(), cancellation);
        await transaction.CommitAsync(cancellation);
        return run;
    }

    /// <summary>
    /// Claims a full load with all those of its pipeline that were planned with it and are neither extracted nor failed, or none of them: not while one is being read, or is not due yet.
    /// Of any number of workers that try, with whichever of the runs, one gets them.
    /// </summary>
    /// <returns>The runs with their new attempt numbers; empty where there is nothing to claim.</returns>
    public async Task<IReadOnlyList<Run>> ClaimTogetherAsync(Run fullLoad, string worker, TimeSpan lease, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(fullLoad);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        // Runs that are planned together have the source's clock of that moment in common. Whoever comes second waits here, and sees what the first has done.
        var together = await context.Runs
            .FromSql($"SELECT * FROM datalake.runs WHERE pipeline = {fullLoad.Pipeline} AND kind = {nameof(RunKind.Full)} AND window_to = {fullLoad.WindowTo} AND definition_version = {fullLoad.DefinitionVersion} ORDER BY id FOR UPDATE")
            .AsNoTracking().ToListAsync(cancellation);
        var open = together.Where(run => run.Status is RunStatus.Planned or RunStatus.Extracting).ToList();
        if (!open.Exists(run => run.Id == fullLoad.Id) || open.Exists(run => run.Status != RunStatus.Planned || run.DueAt > now))
        {
            return [];
        }

        var claimed = new List<Run>();
        foreach (var run in open)
        {
            claimed.Add((await TakeAsync(context, run.Id, worker, lease, now, cancellation))!);
        }

        await transaction.CommitAsync(cancellation);
        return claimed;
    }

    /// <summary>Keeps the lease for <paramref name="lease"/> from now, and tells how far the attempt has come.</summary>
    /// <returns>False where the lease is lost: the worker must stop and throw its files away.</returns>
    public async Task<bool> RenewAsync(Guid runId, int attempt, TimeSpan lease, long rowsSoFar, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var until = time.GetUtcNow() + lease;
        return await Held(context, runId, attempt).ExecuteUpdateAsync(set => set
            .SetProperty(run => run.LeaseUntil, until)
            .SetProperty(run => run.Rows, rowsSoFar), cancellation) == 1;
    }

    /// <inheritdoc cref="RecordExtractedAsync(IReadOnlyList{ReadRun}, CancellationToken)"/>
    public Task<bool> RecordExtractedAsync(Guid runId, int attempt, RunReceipt receipt, CancellationToken cancellation) =>
        RecordExtractedAsync([new ReadRun(runId, attempt, receipt)], cancellation);

    /// <summary>Records the files and receipts of attempts that read their whole windows: of all or of none.</summary>
    /// <returns>False where a lease is lost: nothing was recorded, and the worker must throw its files away.</returns>
    public async Task<bool> RecordExtractedAsync(IReadOnlyList<ReadRun> reads, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(reads);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        foreach (var (runId, attempt, receipt) in reads.OrderBy(read => read.RunId))
        {
            var recorded = await Held(context, runId, attempt).ExecuteUpdateAsync(set => set
                .SetProperty(run => run.Status, RunStatus.Extracted)
                .SetProperty(run => run.ExtractedAt, now)
                .SetProperty(run => run.LeaseOwner, (string?)null)
                .SetProperty(run => run.LeaseUntil, (DateTimeOffset?)null)
                .SetProperty(run => run.DispatchedAt, (DateTimeOffset?)now)
                .SetProperty(run => run.Rows, receipt.Rows)
                .SetProperty(run => run.Bytes, receipt.Bytes)
                .SetProperty(run => run.FileCount, receipt.Files.Count)
                .SetProperty(run => run.SourceLsn, receipt.SourceLsn)
                .SetProperty(run => run.CpuSeconds, receipt.CpuSeconds)
                .SetProperty(run => run.Error, (string?)null), cancellation);
            if (recorded == 0)
            {
                return false;
            }

            // An earlier attempt may have been extracted and then refused at its commit.
            await context.Files.Where(file => file.RunId == runId).ExecuteDeleteAsync(cancellation);
            context.Files.AddRange(receipt.Files);
            await context.SaveChangesAsync(cancellation);
            await EndAttemptAsync(context, runId, attempt, AttemptOutcome.Extracted, null, now, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Records that an attempt failed: the run is planned again, or has failed when its tries are used up or cannot help.</summary>
    /// <returns>The run's new status, or null where the lease was lost and nothing was recorded.</returns>
    public async Task<RunStatus?> FailAsync(Guid runId, int attempt, string error, bool canRetry, RetryPolicy policy, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(policy);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var run = await context.Runs.FromSql($"SELECT * FROM datalake.runs WHERE id = {runId} FOR UPDATE").SingleAsync(cancellation);
        if (run.Status != RunStatus.Extracting || run.Attempt != attempt)
        {
            return null;
        }

        await EndFailedAttemptAsync(context, run, AttemptOutcome.Failed, error, canRetry, policy, time.GetUtcNow(), cancellation);
        await transaction.CommitAsync(cancellation);
        return run.Status;
    }

    /// <summary>Gives a run back that was not finished because the worker is being stopped: another can take it at once, and it is no failure.</summary>
    /// <returns>False where the lease was lost and nothing was given back.</returns>
    public async Task<bool> ReleaseAsync(Guid runId, int attempt, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        var released = await Held(context, runId, attempt).ExecuteUpdateAsync(set => set
            .SetProperty(run => run.Status, RunStatus.Planned)
            .SetProperty(run => run.DueAt, now)
            .SetProperty(run => run.DispatchedAt, (DateTimeOffset?)null)
            .SetProperty(run => run.LeaseOwner, (string?)null)
            .SetProperty(run => run.LeaseUntil, (DateTimeOffset?)null), cancellation);
        if (released == 0)
        {
            return false;
        }

        await EndAttemptAsync(context, runId, attempt, AttemptOutcome.Released, null, now, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>The runs whose lease has expired.</summary>
    public async Task<IReadOnlyList<Run>> ExpiredAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        return await context.Runs.AsNoTracking().Where(run => run.Status == RunStatus.Extracting && run.LeaseUntil < now).ToListAsync(cancellation);
    }

    /// <summary>Takes runs back whose worker lost its lease (it died, hung or was cut off).</summary>
    /// <param name="policies">The runs, and how often each is tried. One whose lease was renewed meanwhile is left alone.</param>
    /// <param name="cancellation">Stops the sweep; none is taken back then.</param>
    /// <returns>The runs taken back.</returns>
    public async Task<IReadOnlyList<Run>> ExpireLeasesAsync(IReadOnlyDictionary<Guid, RetryPolicy> policies, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(policies);
        var ids = policies.Keys.ToArray();
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        var expired = await context.Runs
            .FromSql($"SELECT * FROM datalake.runs WHERE id = ANY ({ids}) AND status = 'Extracting' AND lease_until < {now} FOR UPDATE SKIP LOCKED")
            .ToListAsync(cancellation);
        foreach (var run in expired)
        {
            var error = $"The worker {run.LeaseOwner} stopped renewing its lease while it read {run.Table} {run.Window}: it was killed, hung or cut off. " +
                "Nothing it wrote is visible. Look into that worker's log if this happens again.";
            // Another worker can start at once: the lease has been the wait.
            await EndFailedAttemptAsync(context, run, AttemptOutcome.Lost, error, canRetry: true, policies[run.Id] with { Delay = TimeSpan.Zero }, now, cancellation);
        }

        await transaction.CommitAsync(cancellation);
        return expired;
    }

    private static async Task<Run?> TakeAsync(LedgerContext context, Guid runId, string worker, TimeSpan lease, DateTimeOffset now, CancellationToken cancellation)
    {
        var claimed = await context.Runs
            .Where(run => run.Id == runId && run.Status == RunStatus.Planned && run.DueAt <= now)
            .ExecuteUpdateAsync(set => set
                .SetProperty(run => run.Status, RunStatus.Extracting)
                .SetProperty(run => run.Attempt, run => run.Attempt + 1)
                .SetProperty(run => run.LeaseOwner, worker)
                .SetProperty(run => run.LeaseUntil, now + lease)
                .SetProperty(run => run.StartedAt, now)
                .SetProperty(run => run.FinishedAt, (DateTimeOffset?)null)
                .SetProperty(run => run.Rows, 0L)
                .SetProperty(run => run.CpuSeconds, (double?)null)
                .SetProperty(run => run.Bytes, 0L)
                .SetProperty(run => run.FileCount, 0), cancellation);
        if (claimed == 0)
        {
            return null;
        }

        var run = await context.Runs.AsNoTracking().SingleAsync(row => row.Id == runId, cancellation);
        context.Attempts.Add(new RunAttempt { RunId = runId, Number = run.Attempt, Worker = worker, StartedAt = now, Outcome = AttemptOutcome.Running });
        await context.SaveChangesAsync(cancellation);
        return run;
    }

    private static async Task EndFailedAttemptAsync(
        LedgerContext context, Run run, AttemptOutcome outcome, string error, bool canRetry, RetryPolicy policy, DateTimeOffset now, CancellationToken cancellation)
    {
        run.FailedAttempts++;
        run.Error = error;
        run.LeaseOwner = null;
        run.LeaseUntil = null;
        run.DispatchedAt = null;
        if (canRetry && policy.NextTry(run.FailedAttempts, now) is { } next)
        {
            run.Status = RunStatus.Planned;
            run.DueAt = next;
        }
        else
        {
            run.Status = RunStatus.Failed;
            run.FinishedAt = now;
        }

        await context.SaveChangesAsync(cancellation);
        await EndAttemptAsync(context, run.Id, run.Attempt, outcome, error, now, cancellation);
        if (run.Status == RunStatus.Failed)
        {
            await NoticeStore.RaiseFailureAsync(context, run, now, cancellation);
        }
    }

    private static IQueryable<Run> Held(LedgerContext context, Guid runId, int attempt) =>
        context.Runs.Where(run => run.Id == runId && run.Status == RunStatus.Extracting && run.Attempt == attempt);

    private static Task EndAttemptAsync(
        LedgerContext context, Guid runId, int attempt, AttemptOutcome outcome, string? error, DateTimeOffset now, CancellationToken cancellation) =>
        context.Attempts.Where(row => row.RunId == runId && row.Number == attempt).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.Outcome, outcome)
            .SetProperty(row => row.EndedAt, now)
            .SetProperty(row => row.Error, error), cancellation);
}
