using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Operations;

/// <summary>What one commit does to a table: it becomes one snapshot.</summary>
public sealed record TableChange
{
    /// <summary>The snapshot's operation:
    /// <see cref="SnapshotSummary.Append"/>, <see cref="SnapshotSummary.Overwrite"/>, <see cref="SnapshotSummary.Delete"/> or <see cref="SnapshotSummary.Replace"/>.</summary>
    public required string Operation { get; init; }

    /// <summary>New data files, delete files and deletion vectors, with the partition spec they were written by. A vector takes the place of what the table has of deletes of its data file alone.</summary>
    public IReadOnlyList<DataFile> AddedFiles { get; init; } = [];

    /// <summary>The data sequence number of the added data files, where their rows are old ones that only moved: that of the snapshot they were read from. Null for new rows.</summary>
    public long? DataSequenceNumber { get; init; }

    /// <summary>Data files and delete files that leave the table, as planning gave them; found by their path, and vectors by their place in it too. With a data file its vector leaves.</summary>
    public IReadOnlyList<DataFile> RemovedFiles { get; init; } = [];

    /// <summary>Whether all files leave the table; <see cref="RemovedFiles"/> need not name them then.</summary>
    public bool RemovesAll { get; init; }

    /// <summary>Data files that the added position deletes name; they must still be there.</summary>
    public IReadOnlyList<DataFile> ReferencedFiles { get; init; } = [];

    /// <summary>The snapshot that the change was planned on; null when the table had none. Appends need none.</summary>
    public long? BaseSnapshotId { get; init; }

    /// <summary>What must not have happened since <see cref="BaseSnapshotId"/>; null when nothing matters, as for appends.</summary>
    public Isolation? Isolation { get; init; }

    /// <summary>Which data files of others matter to <see cref="Operations.Isolation.Serializable"/>, made for the table it is given: those that can hold the change's keys. Null for all.</summary>
    public Func<TableMetadata, FileFilter>? ConflictFilter { get; init; }

    /// <summary>Entries of the snapshot's summary beside the counts, such as <see cref="RunSummary.SourceLsn"/>.</summary>
    public IReadOnlyDictionary<string, string> Summary { get; init; } = new Dictionary<string, string>();

    /// <summary>The runs that make the change, none with a comma in its id. Where all of them stand in the branch's history already, nothing is done; where only some do, the change must be planned again without them.</summary>
    public IReadOnlyList<string> RunIds { get; init; } = [];

    /// <summary>Changes of schema, partition spec or properties in the same commit; they come before the snapshot.</summary>
    public IReadOnlyList<TableUpdate> Updates { get; init; } = [];

    /// <summary>What <see cref="Updates"/> were built on; checked at every attempt, and not tried again where it does not hold.</summary>
    public IReadOnlyList<TableRequirement> Requirements { get; init; } = [];

    /// <summary>Whether small manifests are merged in any case, few as they are.</summary>
    public bool MergesManifests { get; init; }

    /// <summary>The branch that moves.</summary>
    public string Branch { get; init; } = SnapshotReference.Main;

    /// <summary>New rows beside the old ones.</summary>
    public static TableChange Append(params IReadOnlyList<DataFile> files) => new() { Operation = SnapshotSummary.Append, AddedFiles = files };

    /// <summary>All rows leave the table and others come: a full load.</summary>
    public static TableChange ReplaceAll(params IReadOnlyList<DataFile> files) => new() { Operation = SnapshotSummary.Overwrite, AddedFiles = files, RemovesAll = true };

    /// <summary>Files leave the table, and others come: rows change.</summary>
    public static TableChange Overwrite(long? baseSnapshotId, IReadOnlyList<DataFile> removed, IReadOnlyList<DataFile> added, Isolation isolation = Operations.Isolation.Serializable) => new()
    {
        Operation = added.Count == 0 ? SnapshotSummary.Delete : SnapshotSummary.Overwrite, BaseSnapshotId = baseSnapshotId, RemovedFiles = removed, AddedFiles = added, Isolation = isolation,
    };

    /// <summary>The same rows in other files: compaction.</summary>
    /// <param name="from">The snapshot that the rows were read from.</param>
    /// <param name="removed">The files that were read, and delete files that nothing needs any more.</param>
    /// <param name="added">The files that were written: data files with the rows of those that leave, or position deletes with the positions of those.</param>
    public static TableChange Rewrite(Snapshot from, IReadOnlyList<DataFile> removed, IReadOnlyList<DataFile> added) => new()
    {
        Operation = SnapshotSummary.Replace,
        BaseSnapshotId = (from ?? throw new ArgumentNullException(nameof(from))).SnapshotId,
        RemovedFiles = removed,
        AddedFiles = added,
        DataSequenceNumber = from.SequenceNumber,
        Isolation = Operations.Isolation.Snapshot,
    };

    /// <summary>The same files in fewer manifests.</summary>
    public static TableChange RewriteManifests() => new() { Operation = SnapshotSummary.Replace, MergesManifests = true };

    /// <summary>Rows are deleted by delete files, and others come: deletes, updates, upserts.</summary>
    /// <param name="baseSnapshotId">The snapshot in which the deleted rows were found.</param>
    /// <param name="added">New data files and the delete files.</param>
    /// <param name="referenced">The data files that the delete files name.</param>
    /// <param name="isolation">Serializable where a row that somebody else adds meanwhile would have had to be deleted too.</param>
    public static TableChange RowDelta(long? baseSnapshotId, IReadOnlyList<DataFile> added, IReadOnlyList<DataFile> referenced, Isolation isolation = Operations.Isolation.Serializable) => new()
    {
        Operation = added.Any(file => file.Content == DataFileContent.Data) ? SnapshotSummary.Overwrite : SnapshotSummary.Delete,
        BaseSnapshotId = baseSnapshotId,
        AddedFiles = added,
        ReferencedFiles = referenced,
        Isolation = isolation,
    };
}
