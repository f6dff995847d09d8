using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Metadata;

/// <summary>The state of a table at one time (<see href="https://iceberg.apache.org/spec/#snapshots">Snapshots</see>).</summary>
public sealed record Snapshot
{
    /// <summary>Its id.</summary>
    public required long SnapshotId { get; init; }

    /// <summary>The snapshot that it changed, or null.</summary>
    public long? ParentSnapshotId { get; init; }

    /// <summary>Its place in the order of changes; 0 for snapshots of version 1.</summary>
    public long SequenceNumber { get; init; }

    /// <summary>When it was made, in milliseconds since 1970-01-01 UTC.</summary>
    public required long TimestampMs { get; init; }

    /// <summary>Where its manifest list is; null only for version 1 snapshots that name their <see cref="Manifests"/> instead.</summary>
    public string? ManifestList { get; init; }

    /// <summary>Locations of manifests, of version 1 snapshots without a manifest list.</summary>
    public IReadOnlyList<string> Manifests { get; init; } = [];

    /// <summary>What it did: <c>operation</c> and numbers as text. Empty only in version 1.</summary>
    public IReadOnlyDictionary<string, string> Summary { get; init; } = new Dictionary<string, string>();

    /// <summary>The table's schema when it was made, if that is known.</summary>
    public int? SchemaId { get; init; }

    /// <summary>The row id from which on this snapshot assigned ids to manifests; null before version 3.</summary>
    public long? FirstRowId { get; init; }

    /// <summary>How many row ids it took at most; null before version 3.</summary>
    public long? AddedRows { get; init; }

    /// <summary>The key that encrypts the key of its manifest list; null where that is not encrypted.</summary>
    public string? KeyId { get; init; }

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary><c>append</c>, <c>replace</c>, <c>overwrite</c> or <c>delete</c>; null only in version 1.</summary>
    public string? Operation => Summary.GetValueOrDefault(SnapshotSummary.Operation);
}

/// <summary>Keys and operations of a snapshot's summary (<see href="https://iceberg.apache.org/spec/#optional-snapshot-summary-fields">Appendix F</see>).</summary>
public static class SnapshotSummary
{
    /// <summary>The key of the operation.</summary>
    public const string Operation = "operation";

    /// <summary>Only data files were added.</summary>
    public const string Append = "append";

    /// <summary>Files were replaced by others with the same rows.</summary>
    public const string Replace = "replace";

    /// <summary>Files were added and removed and rows changed.</summary>
    public const string Overwrite = "overwrite";

    /// <summary>Data files were removed, or delete files added.</summary>
    public const string Delete = "delete";
}
