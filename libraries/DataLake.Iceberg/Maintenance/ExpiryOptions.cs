using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Which snapshots expire; branches and tags that say it themselves decide for theirs (<see href="https://iceberg.apache.org/spec/#snapshot-retention-policy">Snapshot Retention Policy</see>).</summary>
public sealed record ExpiryOptions
{
    /// <summary>How old snapshots may become (<see cref="MaxAgeProperty"/>).</summary>
    public TimeSpan MaxSnapshotAge { get; init; } = TimeSpan.FromDays(5);

    /// <summary>How many snapshots of a branch stay, however old (<c>history.expire.min-snapshots-to-keep</c>).</summary>
    public int MinSnapshotsToKeep { get; init; } = 1;

    /// <summary>The table property with the age, in milliseconds, that snapshots may become.</summary>
    public const string MaxAgeProperty = "history.expire.max-snapshot-age-ms";

    /// <summary>The table property with the most snapshots of a branch that stay; Iceberg has none for it.</summary>
    public const string MaxSnapshotsProperty = "datalake.expire.max-snapshots-to-keep";

    /// <summary>How many snapshots of a branch stay at most, however young (<see cref="MaxSnapshotsProperty"/>); null for any number. Table metadata is written anew by each commit and lists them all, so it bounds what a commit costs.</summary>
    public int? MaxSnapshotsToKeep { get; init; }

    /// <summary>How old branches and tags other than main may become (<c>history.expire.max-ref-age-ms</c>); null for any age.</summary>
    public TimeSpan? MaxReferenceAge { get; init; }

    /// <summary>These options with what the properties of a table say instead.</summary>
    internal ExpiryOptions For(TableMetadata table) => this with
    {
        MaxSnapshotAge = TableProperties.Milliseconds(table, MaxAgeProperty) ?? MaxSnapshotAge,
        MinSnapshotsToKeep = TableProperties.Count(table, "history.expire.min-snapshots-to-keep") ?? MinSnapshotsToKeep,
        MaxSnapshotsToKeep = TableProperties.Count(table, MaxSnapshotsProperty) ?? MaxSnapshotsToKeep,
        MaxReferenceAge = TableProperties.Milliseconds(table, "history.expire.max-ref-age-ms") ?? MaxReferenceAge,
    };
}
