namespace DataLake.Iceberg.Manifests;

/// <summary>
/// A file as a manifest lists it (<see href="https://iceberg.apache.org/spec/#manifest-entry-fields">Manifest Entry Fields</see>). What a reader gives has inherited
/// ids and numbers filled in.
/// </summary>
public sealed record ManifestEntry
{
    /// <summary>What the snapshot did with the file.</summary>
    public required ManifestEntryStatus Status { get; init; }

    /// <summary>The snapshot that added the file, or deleted it where the status is deleted. Null when it is inherited.</summary>
    public long? SnapshotId { get; init; }

    /// <summary>The data sequence number, by which deletes find the older files they apply to. Null when it is inherited.</summary>
    public long? SequenceNumber { get; init; }

    /// <summary>The sequence number of the snapshot that added the file. Null when it is inherited.</summary>
    public long? FileSequenceNumber { get; init; }

    /// <summary>The file.</summary>
    public required DataFile DataFile { get; init; }

    /// <summary>Whether the file is part of the snapshot.</summary>
    public bool IsLive => Status != ManifestEntryStatus.Deleted;

    /// <summary>A new file, which inherits the sequence number of the commit, and row ids.</summary>
    /// <param name="file">The file.</param>
    /// <param name="snapshotId">The snapshot that adds it.</param>
    /// <param name="dataSequenceNumber">An older data sequence number, where the rows are old ones that were only moved.</param>
    public static ManifestEntry Added(DataFile file, long snapshotId, long? dataSequenceNumber = null) =>
        new() { Status = ManifestEntryStatus.Added, SnapshotId = snapshotId, SequenceNumber = dataSequenceNumber, DataFile = file.FirstRowId is null ? file : file with { FirstRowId = null } };

    /// <summary>The same file in a manifest that is written anew.</summary>
    public ManifestEntry AsExisting() => this with { Status = ManifestEntryStatus.Existing };

    /// <summary>The same file, deleted by a snapshot.</summary>
    public ManifestEntry AsDeleted(long snapshotId) => this with { Status = ManifestEntryStatus.Deleted, SnapshotId = snapshotId };
}
