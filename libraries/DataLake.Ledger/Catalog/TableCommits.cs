using DataLake.Contracts;
using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Catalog;

/// <summary>How a run is to be committed.</summary>
/// <param name="Write">What the commit does to the table.</param>
/// <param name="Key">The columns that identify a row.</param>
/// <param name="AnnounceSuccess">Whether somebody wants to be told of a success.</param>
public sealed record CommitTerms(WriteMode Write, IReadOnlyList<string> Key, bool AnnounceSuccess);

/// <summary>The catalog of tables and committed files. A commit is one transaction: files, run and notices change together or not at all.</summary>
public sealed class TableCommits(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>Makes the files of an extracted run part of its table. Doing so again does nothing.</summary>
    public async Task<CommitResult> CommitAsync(Guid runId, CommitTerms terms, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(terms);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        var run = await context.Runs.FromSql($"SELECT * FROM datalake.runs WHERE id = {runId} FOR UPDATE").SingleOrDefaultAsync(cancellation);
        if (run is not { Status: RunStatus.Extracted })
        {
            return run is { Status: RunStatus.Committed } ? CommitResult.AlreadyCommitted : CommitResult.NotReady;
        }

        var table = await TableColumns.LockAsync(context, run.Pipeline, run.Table, cancellation);
        if (run.Kind == RunKind.Incremental && await context.Runs.AnyAsync(other =>
                other.Pipeline == run.Pipeline && other.Table == run.Table && other.Kind == RunKind.Incremental
                && other.WindowTo <= run.WindowFrom && other.Status != RunStatus.Committed, cancellation))
        {
            return CommitResult.Waits;
        }

        var now = time.GetUtcNow();
        table.Sequence++;
        table.Write = terms.Write;
        table.Key = [.. terms.Key];
        await RemoveReplacedAsync(context, table, run, terms.Write, cancellation);
        context.Commits.Add(new CatalogCommit { TableId = table.Id, Sequence = table.Sequence, RunId = run.Id, Operation = terms.Write, CommittedAt = now });
        var files = await context.Files.AsNoTracking().Where(file => file.RunId == run.Id).ToListAsync(cancellation);
        context.CommittedFiles.AddRange(files.Select(file => new CatalogFile
        {
            TableId = table.Id,
            Path = file.Path,
            RunId = run.Id,
            Rows = file.Rows,
            Bytes = file.Bytes,
            WindowFrom = run.WindowFrom,
            WindowTo = run.WindowTo,
            AddedIn = table.Sequence,
        }));
        run.Status = RunStatus.Committed;
        run.FinishedAt = now;
        await context.SaveChangesAsync(cancellation);
        await AnnounceAsync(context, run, terms, now, cancellation);
        await transaction.CommitAsync(cancellation);
        return CommitResult.Committed;
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

    /// <summary>The files that are part of a table now, in the order in which they were committed.</summary>
    public async Task<IReadOnlyList<CatalogFile>> FilesAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.CommittedFiles.AsNoTracking()
            .Where(file => file.RemovedIn == null && context.Tables.Any(row => row.Id == file.TableId && row.Pipeline == pipeline && row.Table == table))
            .OrderBy(file => file.AddedIn).ThenBy(file => file.Path).ToListAsync(cancellation);
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

    private static async Task RemoveReplacedAsync(LedgerContext context, CatalogTable table, Run run, WriteMode write, CancellationToken cancellation)
    {
        var live = context.CommittedFiles.Where(file => file.TableId == table.Id && file.RemovedIn == null);
        var replaced = write switch
        {
            WriteMode.Replace => live,
            // Rows without a key cannot be told apart, so a window that is read again takes the place of the one that was read.
            WriteMode.Append when run.Kind == RunKind.Backfill => live.Where(file => file.WindowFrom >= run.WindowFrom && file.WindowTo <= run.WindowTo),
            _ => null,
        };
        if (replaced is not null)
        {
            await replaced.ExecuteUpdateAsync(set => set.SetProperty(file => file.RemovedIn, table.Sequence), cancellation);
        }
    }

    private static async Task AnnounceAsync(LedgerContext context, Run run, CommitTerms terms, DateTimeOffset now, CancellationToken cancellation)
    {
        await NoticeStore.RaiseRecoveryAsync(context, run, now, cancellation);
        if (terms.AnnounceSuccess)
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
