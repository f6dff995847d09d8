namespace DataLake.Postgres.Connections;

/// <summary>What a snapshot must show, and how long its statements may be in anybody's way.</summary>
public sealed record SnapshotOptions
{
    /// <summary>Everything that was committed before this must be visible; null where nothing is promised. It decides on a standby alone.</summary>
    public DateTimeOffset? VisibleTo { get; init; }

    /// <summary>How long a statement may take; null for what the server allows. It never raises what the server or the user has set.</summary>
    public TimeSpan? StatementTimeout { get; init; }

    /// <summary>How long a statement may wait for a lock; null for what the server allows. It never raises what the server or the user has set.</summary>
    public TimeSpan? LockTimeout { get; init; }
}
