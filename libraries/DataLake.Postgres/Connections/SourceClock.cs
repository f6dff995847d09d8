using System.Globalization;
using DataLake.Postgres.Errors;

namespace DataLake.Postgres.Connections;

/// <summary>
/// The instant up to which everything that was committed can be seen. On a primary that is its clock. A standby shows what it has replayed, so there it is the time of the last
/// commit that it has replayed; where it is quiet, that stands still, and the primary says whether something is missing: if the standby has all of the log that the primary had at an instant,
/// it shows everything up to that instant. (What the standby has received is no proof: the line to its primary may be cut.)
/// </summary>
internal sealed class SourceClock(SourceConnection connection, SourceConnections? primary)
{
    public const string Asking = "asking for the time";

    // So little behind, a standby is as good as its primary, which is not asked then.
    private static readonly TimeSpan HardlyBehind = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PrimaryTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Asks for it.</summary>
    /// <param name="wanted">An instant that is enough; null for the latest that can be had.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">The server does not answer, cannot tell, or is no standby where it should be one.</exception>
    public async Task<DateTimeOffset> ReadAsync(DateTimeOffset? wanted, CancellationToken cancellation)
    {
        var (isStandby, now, replayed, _) = await AskAsync(null, cancellation);
        if (!isStandby)
        {
            return primary is null ? (wanted ?? now) : throw new SourceException(SourceErrorKind.Unfit,
                "The server that the source's 'replica' refers to is no standby (it was promoted, or is filled by logical replication), so nobody can tell how far behind it is. " +
                "Refer to a streaming standby, or take 'replica' out of the definition to read the primary.");
        }

        if (primary is not null && (replayed is null || replayed < (wanted ?? now - HardlyBehind)) && await MarkPrimaryAsync(cancellation) is var (instant, lsn))
        {
            (_, now, replayed, var hasAll) = await AskAsync(lsn, cancellation);
            replayed = hasAll ? instant : replayed;
        }

        return replayed is null
            ? throw new SourceException(SourceErrorKind.Unreachable,
                "The standby that is read has replayed no transaction since it started, and no primary says whether one is missing. It is asked again; the next commit on the primary helps.")
            : replayed < now ? replayed.Value : now;
    }

    private async Task<(bool IsStandby, DateTimeOffset Now, DateTimeOffset? Replayed, bool HasAll)> AskAsync(string? lsn, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(
            """
            SELECT pg_is_in_recovery(), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
                   (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint, pg_last_wal_replay_lsn() >= $1::pg_lsn
            """, [lsn], Asking, cancellation);
        return (rows[0][0] == "t", InstantOf(rows[0][1]!), rows[0][2] is { } replayed ? InstantOf(replayed) : null, rows[0][3] == "t");
    }

    /// <summary>An instant on the primary, and a place in its log that no commit before it is after; null where the primary does not answer: then the standby alone decides.</summary>
    private async Task<(DateTimeOffset Instant, string Lsn)?> MarkPrimaryAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(PrimaryTimeout);
        try
        {
            await using var connection = await primary!.OpenExtraAsync(Asking, limit.Token);
            var rows = await connection.QueryAsync("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", [], Asking, limit.Token);
            // In a statement of its own: it must be later than the clock.
            var log = await connection.QueryAsync("SELECT pg_current_wal_insert_lsn()", [], Asking, limit.Token);
            return (InstantOf(rows[0][0]!), log[0][0]!);
        }
        catch (Exception error) when (error is SourceException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    private static DateTimeOffset InstantOf(string microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(long.Parse(microseconds, CultureInfo.InvariantCulture) * TimeSpan.TicksPerMicrosecond);
}
