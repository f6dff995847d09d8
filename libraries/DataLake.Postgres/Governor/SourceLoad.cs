namespace DataLake.Postgres.Governor;

/// <summary>What a source was doing at one moment, DataLake's own sessions left out.</summary>
/// <param name="ActiveSessions">Sessions of clients that run something.</param>
/// <param name="LockWaits">Those of them that wait for a lock.</param>
/// <param name="ReplicaLag">How far the standby that is asked is behind; on a primary the standby that is furthest behind. Null where there is none, or it cannot be seen.</param>
/// <param name="Blockers">The names of DataLake's sessions for whose locks others wait.</param>
/// <param name="Hidden">Whether sessions or standbys are there whose doings this user may not see.</param>
internal sealed record SourceLoad(int ActiveSessions, int LockWaits, TimeSpan? ReplicaLag, IReadOnlyList<string> Blockers, bool Hidden);
