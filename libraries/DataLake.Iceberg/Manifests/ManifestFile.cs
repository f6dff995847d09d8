namespace DataLake.Iceberg.Manifests;

/// <summary>A manifest as a manifest list has it (<see href="https://iceberg.apache.org/spec/#manifest-lists">Manifest Lists</see>).</summary>
public sealed record ManifestFile
{
    /// <summary>Where the manifest is.</summary>
    public required string ManifestPath { get; init; }

    /// <summary>Its bytes.</summary>
    public required long ManifestLength { get; init; }

    /// <summary>The partition spec of its files.</summary>
    public required int PartitionSpecId { get; init; }

    /// <summary>What it lists.</summary>
    public ManifestContent Content { get; init; }

    /// <summary>The sequence number with which it came to the table. Null until a manifest list gives it the number of its snapshot.</summary>
    public long? SequenceNumber { get; init; }

    /// <summary>The least data sequence number of its live files. Null when that will be the number of its snapshot.</summary>
    public long? MinSequenceNumber { get; init; }

    /// <summary>The snapshot that added it.</summary>
    public required long AddedSnapshotId { get; init; }

    /// <summary>Entries with status added; null where a version 1 writer did not count.</summary>
    public int? AddedFilesCount { get; init; }

    /// <summary>Entries with status existing; null where a version 1 writer did not count.</summary>
    public int? ExistingFilesCount { get; init; }

    /// <summary>Entries with status deleted; null where a version 1 writer did not count.</summary>
    public int? DeletedFilesCount { get; init; }

    /// <summary>Rows of the files that were added; null where a version 1 writer did not count.</summary>
    public long? AddedRowsCount { get; init; }

    /// <summary>Rows of the existing files; null where a version 1 writer did not count.</summary>
    public long? ExistingRowsCount { get; init; }

    /// <summary>Rows of the files that were deleted; null where a version 1 writer did not count.</summary>
    public long? DeletedRowsCount { get; init; }

    /// <summary>A summary of the partition values, one a field of the spec, or null.</summary>
    public IReadOnlyList<FieldSummary>? Partitions { get; init; }

    /// <summary>Key metadata of an encrypted manifest.</summary>
    public ReadOnlyMemory<byte>? KeyMetadata { get; init; }

    /// <summary>The row id from which on its data files without one inherit theirs. Null until a manifest list assigns it, before version 3, and for deletes.</summary>
    public long? FirstRowId { get; init; }

    /// <summary>Whether it may list live files: what was not counted counts as some.</summary>
    public bool HasLiveFiles => AddedFilesCount is not 0 || ExistingFilesCount is not 0;
}

/// <summary>What a manifest's files have as the value of one partition field.</summary>
/// <param name="ContainsNull">Whether one of them is null.</param>
/// <param name="ContainsNan">Whether one of them is NaN; null when that is not known.</param>
/// <param name="LowerBound">The least that is neither null nor NaN, as single-value bytes; null when there is none.</param>
/// <param name="UpperBound">The greatest that is neither null nor NaN, as single-value bytes; null when there is none.</param>
public sealed record FieldSummary(bool ContainsNull, bool? ContainsNan, ReadOnlyMemory<byte>? LowerBound, ReadOnlyMemory<byte>? UpperBound);
