using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Maintenance;

/// <summary>When which maintenance is due. Where the table's own properties say it, they go before these.</summary>
public sealed record MaintenanceOptions
{
    /// <summary>Which files compaction takes.</summary>
    public CompactionOptions Compaction { get; init; } = new();

    /// <summary>Which snapshots expire.</summary>
    public ExpiryOptions Expiry { get; init; } = new();

    /// <summary>How many snapshots must be waiting to expire, so that not every commit brings an expiry.</summary>
    public int ExpiringSnapshots { get; init; } = 10;

    /// <summary>How many manifests of the usual size a table may have too many.</summary>
    public int SpareManifests { get; init; } = 50;

    /// <summary>How often orphans are looked for.</summary>
    public TimeSpan OrphanInterval { get; init; } = TimeSpan.FromDays(1);
}

/// <summary>A kind of maintenance.</summary>
public enum MaintenanceOperation
{
    /// <summary><see cref="Compaction"/>.</summary>
    Compaction,

    /// <summary>A commit of <c>TableChange.RewriteManifests</c>.</summary>
    ManifestRewrite,

    /// <summary><see cref="Maintenance.SnapshotExpiry"/>.</summary>
    SnapshotExpiry,

    /// <summary><see cref="OrphanFiles"/>.</summary>
    OrphanRemoval,
}

/// <summary>Maintenance that a table needs.</summary>
/// <param name="Operation">What.</param>
/// <param name="Reason">Why, in words.</param>
public sealed record MaintenanceNeed(MaintenanceOperation Operation, string Reason);

/// <summary>The rules of when a table needs maintenance. Nothing is read or written; the same input gives the same output.</summary>
public static class MaintenanceNeeds
{
    private const long UsualManifestBytes = 8 << 20;

    /// <summary>What is due, in the order in which it is best done: compaction before the expiry that lets its old files go, orphans last.</summary>
    /// <param name="table">The table.</param>
    /// <param name="health">Its health, measured with the same compaction options.</param>
    /// <param name="options">When what is due.</param>
    /// <param name="now">The time.</param>
    /// <param name="lastOrphanRemoval">When orphans were last removed; null for never.</param>
    public static IReadOnlyList<MaintenanceNeed> Of(TableMetadata table, TableHealth health, MaintenanceOptions options, DateTimeOffset now, DateTimeOffset? lastOrphanRemoval)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(health);
        ArgumentNullException.ThrowIfNull(options);
        var needs = new List<MaintenanceNeed>();
        if (health.CompactionGroups > 0)
            needs.Add(new(MaintenanceOperation.Compaction, $"{health.CompactionFiles} of {health.DataFiles} data files ({health.CompactionBytes} bytes) are small or have many deletes{(health.FilesToLayOut > 0 ? $"; {health.FilesToLayOut} are not divided or sorted as the table is" : "")}"));
        else if (health.DeleteMerges > 0)
            needs.Add(new(MaintenanceOperation.Compaction, $"{health.DeleteMerges} partitions have too many of the {health.PositionDeleteFiles} position delete files"));
        else if (health.DanglingDeleteFiles > 0)
            needs.Add(new(MaintenanceOperation.Compaction, $"{health.DanglingDeleteFiles} delete files apply to nothing any more"));
        var spare = health.Manifests - Math.Max(1, health.ManifestBytes / (TableProperties.Number(table, "commit.manifest.target-size-bytes") ?? UsualManifestBytes));
        if (spare >= options.SpareManifests) needs.Add(new(MaintenanceOperation.ManifestRewrite, $"{health.Manifests} manifests have {health.ManifestBytes} bytes together"));
        var (references, snapshots) = SnapshotRetention.Expired(table, options.Expiry.For(table), now);
        if (references.Count > 0 || snapshots.Count >= Math.Max(1, options.ExpiringSnapshots))
            needs.Add(new(MaintenanceOperation.SnapshotExpiry, $"{snapshots.Count} of {table.Snapshots.Count} snapshots and {references.Count} branches and tags are older than the table keeps them"));
        if (lastOrphanRemoval is not { } last || now - last >= options.OrphanInterval)
            needs.Add(new(MaintenanceOperation.OrphanRemoval, lastOrphanRemoval is { } before ? $"orphans were last removed {before:u}" : "orphans were never removed"));
        return needs;
    }
}
