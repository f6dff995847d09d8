using DataLake.Contracts;
using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;

namespace DataLake.Ledger.Notices;

/// <summary>Notices: raised in the transaction that made them true, then delivered channel by channel until each was served or given up.</summary>
public sealed class NoticeStore(IDbContextFactory<LedgerContext> ledger, TimeProvider time)
{
    /// <summary>Adds a notice to the transaction of <paramref name="context"/>, unless one with its key was raised before.</summary>
    public static async Task RaiseAsync(LedgerContext context, Notice notice, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(notice);
        await context.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO datalake.notices (id, event, notice_key, pipeline, table_name, run_id, definition_version, raised_at, text)
            VALUES ({notice.Id}, {notice.Event.ToString()}, {notice.Key}, {notice.Pipeline}, {notice.Table}, {notice.RunId}, {notice.DefinitionVersion}, {notice.RaisedAt}, {notice.Text})
            ON CONFLICT (notice_key) DO NOTHING
            """, cancellation);
    }

    /// <summary>
    /// Raises a <see cref="NoticeEvent.Failed"/> for a run that has failed. A run that fails again for the same reason when it is replayed is not told
    /// of again: a table with a short schedule would send a mail at every tick.
    /// </summary>
    public static async Task RaiseFailureAsync(LedgerContext context, Run run, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(run);
        if (await LastOfRunAsync(context, run, cancellation) is { Event: NoticeEvent.Failed } told && told.Text == run.Error)
        {
            return;
        }

        await RaiseAsync(context, new Notice
        {
            Id = Guid.CreateVersion7(now),
            Event = NoticeEvent.Failed,
            Key = $"failed/{run.Id}/{run.Attempt}",
            Pipeline = run.Pipeline,
            Table = run.Table,
            RunId = run.Id,
            DefinitionVersion = run.DefinitionVersion,
            RaisedAt = now,
            Text = run.Error ?? "",
        }, cancellation);
    }

    /// <summary>Raises a <see cref="NoticeEvent.Recovered"/> for a run that is committed, when the last thing told of it was that it had failed.</summary>
    public static async Task RaiseRecoveryAsync(LedgerContext context, Run run, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(run);
        if (await LastOfRunAsync(context, run, cancellation) is not { Event: NoticeEvent.Failed } last)
        {
            return;
        }

        await RaiseAsync(context, new Notice
        {
            Id = Guid.CreateVersion7(now),
            Event = NoticeEvent.Recovered,
            Key = $"recovered/{last.Key}",
            Pipeline = run.Pipeline,
            Table = run.Table,
            RunId = run.Id,
            DefinitionVersion = run.DefinitionVersion,
            RaisedAt = now,
            Text = $"{run.Table} is loaded again: the window {run.Window} that had failed was committed in attempt {run.Attempt}. Nothing is left to do for it.",
        }, cancellation);
    }

    /// <summary>Raises a notice in a transaction of its own.</summary>
    public async Task RaiseAsync(Notice notice, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await RaiseAsync(context, notice, cancellation);
    }

    /// <summary>The notices still open for which no message was sent since <paramref name="resendBefore"/>; each is marked as sent now.</summary>
    public async Task<IReadOnlyList<Guid>> TakeUndispatchedAsync(DateTimeOffset resendBefore, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var open = await context.Notices
            .Where(row => row.DoneAt == null && (row.DispatchedAt == null || row.DispatchedAt < resendBefore))
            .OrderBy(row => row.RaisedAt).Take(100).ToListAsync(cancellation);
        open.ForEach(row => row.DispatchedAt = time.GetUtcNow());
        await context.SaveChangesAsync(cancellation);
        return [.. open.Select(row => row.Id)];
    }

    /// <summary>How many notices are still to be delivered, on some channel or at all.</summary>
    public async Task<int> CountOpenAsync(CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Notices.CountAsync(row => row.DoneAt == null, cancellation);
    }

    /// <summary>A notice that is still open, or null.</summary>
    public async Task<Notice?> FindOpenAsync(Guid id, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        return await context.Notices.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id && row.DoneAt == null, cancellation);
    }

    /// <summary>
    /// Takes one delivery of a notice for trying: counts the try and holds the channel until <paramref name="holdUntil"/>, so that two workers
    /// with the same message do not both send. Null where it was sent, given up, or is held.
    /// </summary>
    public async Task<NoticeDelivery?> TakeDeliveryAsync(Guid notice, string channel, DateTimeOffset holdUntil, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var now = time.GetUtcNow();
        var taken = await context.Deliveries.FromSql(
            $"""
            INSERT INTO datalake.notice_deliveries AS delivery (notice_id, channel, tries, due_at)
            VALUES ({notice}, {channel}, 1, {holdUntil})
            ON CONFLICT (notice_id, channel) DO UPDATE SET tries = delivery.tries + 1, due_at = {holdUntil}
                WHERE delivery.sent_at IS NULL AND delivery.given_up_at IS NULL AND delivery.due_at <= {now}
            RETURNING *
            """).AsNoTracking().ToListAsync(cancellation);
        return taken.SingleOrDefault();
    }

    /// <summary>Records how a try ended: sent (<paramref name="error"/> null), to be tried again at <paramref name="retryAt"/>, or given up.</summary>
    public async Task RecordDeliveryAsync(NoticeDelivery delivery, string? error, DateTimeOffset? retryAt, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        var now = time.GetUtcNow();
        DateTimeOffset? sent = error is null ? now : null;
        DateTimeOffset? givenUp = error is not null && retryAt is null ? now : null;
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        await context.Deliveries
            .Where(row => row.NoticeId == delivery.NoticeId && row.Channel == delivery.Channel && row.Tries == delivery.Tries && row.SentAt == null)
            .ExecuteUpdateAsync(set => set
                .SetProperty(row => row.SentAt, sent)
                .SetProperty(row => row.GivenUpAt, givenUp)
                .SetProperty(row => row.Error, error)
                .SetProperty(row => row.DueAt, retryAt ?? now), cancellation);
    }

    /// <summary>Closes the notice when each of <paramref name="channels"/> was served or given up.</summary>
    /// <returns>Whether it is closed.</returns>
    public async Task<bool> CloseIfServedAsync(Guid notice, IReadOnlyCollection<string> channels, CancellationToken cancellation)
    {
        await using var context = await ledger.CreateDbContextAsync(cancellation);
        var served = await context.Deliveries.CountAsync(
            row => row.NoticeId == notice && channels.Contains(row.Channel) && (row.SentAt != null || row.GivenUpAt != null), cancellation);
        if (served < channels.Count)
        {
            return false;
        }

        var now = time.GetUtcNow();
        await context.Notices.Where(row => row.Id == notice).ExecuteUpdateAsync(set => set.SetProperty(row => row.DoneAt, now), cancellation);
        return true;
    }
    private static Task<Notice?> LastOfRunAsync(LedgerContext context, Run run, CancellationToken cancellation) =>
        context.Notices.AsNoTracking()
            .Where(row => row.RunId == run.Id && (row.Event == NoticeEvent.Failed || row.Event == NoticeEvent.Recovered))
            .OrderByDescending(row => row.RaisedAt).ThenByDescending(row => row.Id)
            .FirstOrDefaultAsync(cancellation);
}
