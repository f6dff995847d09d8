using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using DataLake.Ledger.Notices;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Scheduling;

/// <summary>What the scheduler keeps between ticks: when each table was last served, whether it fails or is late, and which backfills wait.</summary>
public sealed class ScheduleStore(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>The table's row; a new one where there is none yet.</summary>
    public async Task<TableSchedule> GetAsync(string pipeline, string table, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Schedules.AsNoTracking().SingleOrDefaultAsync(row => row.Pipeline == pipeline && row.Table == table, cancellation)
            ?? new TableSchedule { Pipeline = pipeline, Table = table };
    }

    /// <summary>The rows of all tables, by pipeline and table.</summary>
    public async Task<IReadOnlyDictionary<(string Pipeline, string Table), TableSchedule>> AllAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Schedules.AsNoTracking().ToDictionaryAsync(row => (row.Pipeline, row.Table), cancellation);
    }

    /// <summary>Keeps the row; and raises the notice that tells of the change, if somebody is to be told: both or neither.</summary>
    public async Task SaveAsync(TableSchedule row, Notice? notice, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(row);
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellation);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO datalake.table_schedules (pipeline, table_name, last_tick_at, failing_since, error, late_since)
            VALUES ({row.Pipeline}, {row.Table}, {row.LastTickAt}, {row.FailingSince}, {row.Error}, {row.LateSince})
            ON CONFLICT (pipeline, table_name) DO UPDATE SET
                last_tick_at = excluded.last_tick_at, failing_since = excluded.failing_since, error = excluded.error, late_since = excluded.late_since
            """, cancellation);
        if (notice is not null)
        {
            await NoticeStore.RaiseAsync(context, notice, cancellation);
        }

        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The tables whose planning fails now, of the pipelines that were not removed.</summary>
    public async Task<IReadOnlyList<TableSchedule>> FailingAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Schedules.AsNoTracking()
            .Where(row => row.FailingSince != null && context.Definitions.Any(definition => definition.Pipeline == row.Pipeline && definition.RemovedAt == null
                && definition.Version == context.Definitions.Where(other => other.Pipeline == row.Pipeline).Max(other => other.Version)))
            .ToListAsync(cancellation);
    }

    /// <summary>Asks for a range of the past to be read again.</summary>
    public async Task<Backfill> RequestBackfillAsync(string pipeline, string table, Contracts.Window range, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        var backfill = new Backfill
        {
            Id = Guid.CreateVersion7(now), Pipeline = pipeline, Table = table, RangeFrom = range.From, RangeTo = range.To, RequestedAt = now,
        };
        context.Backfills.Add(backfill);
        await context.SaveChangesAsync(cancellation);
        return backfill;
    }

    /// <summary>The backfills that are not planned yet.</summary>
    public async Task<IReadOnlyList<Backfill>> WaitingBackfillsAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Backfills.AsNoTracking().Where(row => row.PlannedAt == null).OrderBy(row => row.RequestedAt).ToListAsync(cancellation);
    }

    /// <summary>Notes that a backfill was planned, or why it cannot be.</summary>
    public async Task EndBackfillAsync(Guid id, string? error, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        await context.Backfills.Where(row => row.Id == id).ExecuteUpdateAsync(set => set
            .SetProperty(row => row.PlannedAt, now).SetProperty(row => row.Error, error), cancellation);
    }
}
