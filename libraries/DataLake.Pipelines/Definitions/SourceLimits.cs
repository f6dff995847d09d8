namespace DataLake.Pipelines.Definitions;

/// <summary>How busy a source may be, by others than DataLake, while it is read; and how long reading may be in anybody's way.</summary>
/// <param name="ActiveSessions">Above so many sessions that run something, reading waits.</param>
/// <param name="LockWaits">Above so many sessions that wait for a lock, reading waits.</param>
/// <param name="ReplicaLag">Above this lag, of the replica that is read or of the standbys of a primary that is read, reading waits.</param>
/// <param name="Blocking">A run for whose locks others have waited so long ends and is tried again.</param>
/// <param name="LockTimeout">How long reading waits for a lock of others.</param>
/// <param name="MaxPause">How long a run that holds a snapshot waits in one go.</param>
/// <param name="AfterPause">What it does then.</param>
public sealed record SourceLimits(
    int ActiveSessions, int LockWaits, TimeSpan ReplicaLag, TimeSpan Blocking, TimeSpan LockTimeout, TimeSpan MaxPause, AfterPause AfterPause);
