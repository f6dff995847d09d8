using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Maintenance;

/// <summary>When each table is looked at next, and what maintenance was done to it.</summary>
public sealed class MaintenanceStore(IDbContextFactory<LedgerContext> ledger, LedgerLocks locks, TimeProvider time)
{
    /// <summary>How long after a commit its table is looked at: many commits make one look.</summary>
    public static readonly TimeSpan AfterCommit = TimeSpan.FromMinutes(1);

    /// <summary>Sees to it that a table is looked at by a time, in the transaction of <paramref name="context"/>; an earlier time that is planned stays.</summary>
    internal static Task PlanAsync(LedgerContext context, string pipeline, string table, DateTimeOffset dueAt, CancellationToken cancellation) => context.Database.ExecuteSqlAsync(
        $"UPDATE datalake.lake_tables SET maintenance_due_at = least(maintenance_due_at, {dueAt}) WHERE pipeline = {pipeline} AND table_name = {table}", cancellation);

    /// <summary>The tables that are to be looked at now, those that have waited longest first.</summary>
    public async Task<IReadOnlyList<LakeTable>> DueAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        return await context.Tables.AsNoTracking().Where(table => table.MaintenanceDueAt <= now).OrderBy(table => table.MaintenanceDueAt).Take(100).ToListAsync(cancellation);
    }

    /// <summary>What the ledger knows of a table, or null.</summary>
    public async Task<LakeTable?> FindAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Tables.AsNoTracking().SingleOrDefaultAsync(row => row.Pipeline == pipeline && row.Table == table, cancellation);
    }

    /// <summary>Takes the turn to look after a table.</summary>
    /// <returns>What gives it back, or null where another has it.</returns>
    public Task<IAsyncDisposable?> TryTakeTurnAsync(LakeTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        return locks.TryTakeAsync($"maintenance/{table.Pipeline}/{table.Table}", cancellation);
    }

    /// <summary>Notes that maintenance begins.</summary>
    public async Task<TableMaintenance> BeginAsync(LakeTable table, string operation, string reason, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        var now = time.GetUtcNow();
        var begun = new TableMaintenance { Id = Guid.CreateVersion7(now), TableId = table.Id, Operation = operation, Reason = reason, StartedAt = now };
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        context.Maintenance.Add(begun);
        await context.SaveChangesAsync(cancellation);
        return begun;
    }

    /// <summary>Notes how maintenance ended.</summary>
    /// <param name="begun">The maintenance.</param>
    /// <param name="result">What it did; null where it failed.</param>
    /// <param name="error">Why it failed; null where it did not.</param>
    /// <param name="cancellation">Stops the call.</param>
    public async Task EndAsync(TableMaintenance begun, string? result, string? error, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(begun);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        context.Maintenance.Attach(begun);
        (begun.Result, begun.Error, begun.EndedAt) = (result, error, time.GetUtcNow());
        await context.SaveChangesAsync(cancellation);
    }

    /// <summary>Notes that a table was looked at, and when it is to be again. A commit meanwhile may have asked for an earlier time: that stays.</summary>
    public async Task LookedAtAsync(LakeTable table, DateTimeOffset nextAt, bool orphansRemoved, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var orphansRemovedAt = orphansRemoved ? time.GetUtcNow() : table.OrphansRemovedAt;
        await context.Database.ExecuteSqlAsync(
            $"""
            UPDATE datalake.lake_tables SET orphans_removed_at = {orphansRemovedAt},
                maintenance_due_at = CASE WHEN maintenance_due_at = {table.MaintenanceDueAt} THEN {nextAt} ELSE least(maintenance_due_at, {nextAt}) END
            WHERE id = {table.Id}
            """, cancellation);
    }

    /// <summary>The last maintenance of a table, newest first.</summary>
    public async Task<IReadOnlyList<TableMaintenance>> LatestAsync(string pipeline, string table, int limit, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Maintenance.AsNoTracking()
            .Where(row => context.Tables.Any(owner => owner.Id == row.TableId && owner.Pipeline == pipeline && owner.Table == table))
            .OrderByDescending(row => row.StartedAt).Take(limit).ToListAsync(cancellation);
    }
}
