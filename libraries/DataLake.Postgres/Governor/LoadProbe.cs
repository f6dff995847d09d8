using System.Globalization;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;

namespace DataLake.Postgres.Governor;

/// <summary>Measures a source's load with one short query, on a connection of its own that is kept while there is something to measure. One call at a time.</summary>
internal sealed class LoadProbe(SourceConnections connections)
{
    private const string Measuring = "measuring its load";

    // pg_blocking_pids stops the lock manager for a moment: it is asked once, for sessions that wait for a lock alone, and not for all of many. (Each part of WITH is worked out once: the first is
    // referred to often, the second calls what is volatile. PostgreSQL 12 and later could be told so, older ones do not know the word.)
    private const string Question =
        $"""
        WITH sessions AS (
            SELECT pid, state, wait_event_type, application_name, query = '<insufficient privilege>' AS is_hidden,
                   usename = session_user AND application_name LIKE '{ApplicationName.Prefix}%' AS is_own
            FROM pg_stat_activity WHERE (backend_type = 'client backend' OR backend_type IS NULL) AND pid <> pg_backend_pid()),
        waits AS (
            SELECT pg_blocking_pids(w.pid) AS blockers
            FROM (SELECT pid FROM sessions WHERE wait_event_type = 'Lock' AND NOT is_own LIMIT 50) w)
        SELECT (SELECT count(*) FROM sessions WHERE state = 'active' AND NOT is_own),
               (SELECT count(*) FROM sessions WHERE wait_event_type = 'Lock' AND NOT is_own),
               (SELECT string_agg(DISTINCT application_name, E'\n') FROM sessions WHERE is_own AND pid = ANY (SELECT unnest(blockers) FROM waits)),
               CASE WHEN NOT pg_is_in_recovery() THEN (
                        SELECT extract(epoch FROM max(r.replay_lag)) FROM pg_stat_replication r WHERE r.state = 'streaming'
                          AND NOT EXISTS (SELECT FROM pg_replication_slots l WHERE l.active_pid = r.pid AND l.slot_type = 'logical'))
                    -- All that came is replayed: the time of the last commit only says that the primary is quiet.
                    WHEN pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn() THEN 0
                    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END,
               EXISTS (SELECT FROM sessions WHERE is_hidden) OR EXISTS (SELECT FROM pg_stat_replication WHERE state IS NULL)
        """;

    private SourceConnection? kept;

    /// <summary>Measures.</summary>
    /// <exception cref="SourceException">The source does not answer or refuses.</exception>
    public async Task<SourceLoad> MeasureAsync(CancellationToken cancellation)
    {
        if (kept is not null)
        {
            try
            {
                return await AskAsync(kept, cancellation);
            }
            catch (SourceException)
            {
                // The server may have ended a session that was idle for a while: a new one tells.
                await CloseAsync();
            }
        }

        try
        {
            kept = await connections.OpenExtraAsync(Measuring, cancellation);
            return await AskAsync(kept, cancellation);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    /// <summary>Closes the connection, if there is one.</summary>
    public async ValueTask CloseAsync()
    {
        if (kept is { } connection)
        {
            kept = null;
            await connection.DisposeAsync();
        }
    }

    private static async Task<SourceLoad> AskAsync(SourceConnection connection, CancellationToken cancellation)
    {
        // Settings of the transaction, never of the session: behind a pooler that is shared with others.
        await connection.ExecuteAsync("BEGIN READ ONLY; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'", Measuring, cancellation);
        var row = (await connection.QueryAsync(Question, [], Measuring, cancellation))[0];
        await connection.ExecuteAsync("COMMIT", Measuring, cancellation);
        return new SourceLoad(
            int.Parse(row[0]!, CultureInfo.InvariantCulture),
            int.Parse(row[1]!, CultureInfo.InvariantCulture),
            row[3] is { } seconds ? TimeSpan.FromSeconds(Math.Max(0, double.Parse(seconds, CultureInfo.InvariantCulture))) : null,
            row[2]?.Split('\n') ?? [],
            row[4] == "t");
    }
}
