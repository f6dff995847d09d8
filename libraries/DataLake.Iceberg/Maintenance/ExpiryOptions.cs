namespace DataLake.Iceberg.Maintenance;

/// <summary>Which snapshots expire; branches and tags that say it themselves decide for theirs (<see href="https://iceberg.apache.org/spec/#snapshot-retention-policy">Snapshot Retention Policy</see>).</summary>
public sealed record ExpiryOptions
{
    /// <summary>How old snapshots may become.</summary>
    public TimeSpan MaxSnapshotAge { get; init; } = TimeSpan.FromDays(5);

    /// <summary>How many snapshots of a branch stay, however old.</summary>
    public int MinSnapshotsToKeep { get; init; } = 1;

    /// <summary>How old branches and tags other than main may become; null for any age.</summary>
    public TimeSpan? MaxReferenceAge { get; init; }
}
