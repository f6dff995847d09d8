using DataLake.Iceberg.Maintenance;

namespace DataLake.CatalogUpdater.Maintenance;

/// <summary>Settings of the maintenance of tables, from the section <c>DataLake:CatalogUpdater:Maintenance</c>. What a table's own properties say goes before.</summary>
public sealed class MaintenanceSettings
{
    /// <summary>The section's name.</summary>
    public const string Section = "DataLake:CatalogUpdater:Maintenance";

    /// <summary>Whether this process looks after tables.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>How often it looks for tables that are due.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long after a look a table is looked at again, if nothing is committed meanwhile.</summary>
    public TimeSpan LookAgainAfter { get; set; } = TimeSpan.FromHours(6);

    /// <summary>How long small files wait for others before they are divided and sorted as their table is.</summary>
    public TimeSpan LayoutDelay { get; set; } = TimeSpan.FromMinutes(15);

    /// <summary>How old snapshots become.</summary>
    public TimeSpan SnapshotAge { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How many snapshots a table keeps at most; tags keep theirs in any case.</summary>
    public int Snapshots { get; set; } = 500;

    /// <summary>How large compacted files become, in bytes.</summary>
    public long FileBytes { get; set; } = 128L << 20;

    /// <summary>Memory for rows while files are compacted, in bytes.</summary>
    public long MemoryBudget { get; set; } = 64L << 20;

    /// <summary>Bytes of files that one look compacts; the rest waits for the next.</summary>
    public long BytesAtOnce { get; set; } = 2L << 30;

    /// <summary>The longest time for one look at a table.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How old a file that no snapshot needs must be before it is removed: longer than any commit takes, and any read of a snapshot that expired.</summary>
    public TimeSpan OrphanGrace { get; set; } = TimeSpan.FromDays(1);

    internal MaintenanceOptions Options => new()
    {
        Compaction = new CompactionOptions { TargetFileBytes = FileBytes, MemoryBytes = MemoryBudget, MaxBytes = BytesAtOnce, LayoutDelay = LayoutDelay },
        Expiry = new ExpiryOptions { MaxSnapshotAge = SnapshotAge, MaxSnapshotsToKeep = Snapshots },
    };
}
