using DataLake.Iceberg.Json;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Metadata;

/// <summary>
/// A table (<see href="https://iceberg.apache.org/spec/#table-metadata-fields">Table Metadata Fields</see>). It never changes: <c>TableMetadataUpdates</c> makes the next
/// one. Version 1 is read into the same shape.
/// </summary>
public sealed record TableMetadata
{
    /// <summary>The format version of a new table for which none is asked.</summary>
    public const int DefaultFormatVersion = 2;

    /// <summary>The least format version that this library writes: tables of an earlier one are read, and upgraded.</summary>
    public const int LeastWrittenFormatVersion = 2;

    /// <summary>The highest format version that this library reads and writes.</summary>
    public const int HighestFormatVersion = 3;

    /// <summary>The first format version with row ids and deletion vectors.</summary>
    internal const int RowLineageFormatVersion = 3;

    private const string EncryptionKeyProperty = "encryption.key-id";

    /// <summary>The format version: 1, 2 or 3.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>The table's id; null only in version 1.</summary>
    public Guid? TableUuid { get; init; }

    /// <summary>The base location.</summary>
    public required string Location { get; init; }

    /// <summary>The highest sequence number that was assigned; 0 in version 1.</summary>
    public long LastSequenceNumber { get; init; }

    /// <summary>When the table was last changed, in milliseconds since 1970-01-01 UTC.</summary>
    public required long LastUpdatedMs { get; init; }

    /// <summary>The highest column id that was ever assigned.</summary>
    public required int LastColumnId { get; init; }

    /// <summary>All schemas that files or snapshots may refer to.</summary>
    public required IReadOnlyList<Schema> Schemas { get; init; }

    /// <summary>The schema of new files.</summary>
    public required int CurrentSchemaId { get; init; }

    /// <summary>All partition specs that manifests may refer to.</summary>
    public required IReadOnlyList<PartitionSpec> PartitionSpecs { get; init; }

    /// <summary>The spec of new files.</summary>
    public required int DefaultSpecId { get; init; }

    /// <summary>The highest partition field id that was ever assigned.</summary>
    public required int LastPartitionId { get; init; }

    /// <summary>All sort orders that files may refer to.</summary>
    public required IReadOnlyList<SortOrder> SortOrders { get; init; }

    /// <summary>The sort order of new files.</summary>
    public required int DefaultSortOrderId { get; init; }

    /// <summary>Settings.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; init; } = new Dictionary<string, string>();

    /// <summary>The snapshot that main points to, or null.</summary>
    public long? CurrentSnapshotId { get; init; }

    /// <summary>The snapshots whose files are all there.</summary>
    public IReadOnlyList<Snapshot> Snapshots { get; init; } = [];

    /// <summary>Changes of the current snapshot, oldest first.</summary>
    public IReadOnlyList<SnapshotLogEntry> SnapshotLog { get; init; } = [];

    /// <summary>Earlier metadata files, oldest first.</summary>
    public IReadOnlyList<MetadataLogEntry> MetadataLog { get; init; } = [];

    /// <summary>Branches and tags; main is there when there is a current snapshot.</summary>
    public IReadOnlyDictionary<string, SnapshotReference> Refs { get; init; } = new Dictionary<string, SnapshotReference>();

    /// <summary>Above every row id that was assigned, and the first of the next snapshot; 0 before version 3.</summary>
    public long NextRowId { get; init; }

    /// <summary>Keys of an encrypted table. They are kept; files are neither decrypted nor encrypted here.</summary>
    public IReadOnlyList<EncryptionKey> EncryptionKeys { get; init; } = [];

    /// <summary>Statistics files.</summary>
    public IReadOnlyList<StatisticsFile> Statistics { get; init; } = [];

    /// <summary>Partition statistics files.</summary>
    public IReadOnlyList<StatisticsFile> PartitionStatistics { get; init; } = [];

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>The schema of new files.</summary>
    public Schema CurrentSchema => Schemas.First(schema => schema.SchemaId == CurrentSchemaId);

    /// <summary>The spec of new files.</summary>
    public PartitionSpec DefaultSpec => PartitionSpecs.First(spec => spec.SpecId == DefaultSpecId);

    /// <summary>The sort order of new files.</summary>
    public SortOrder DefaultSortOrder => SortOrders.First(order => order.OrderId == DefaultSortOrderId);

    /// <summary>The snapshot that main points to, or null.</summary>
    public Snapshot? CurrentSnapshot => CurrentSnapshotId is { } id ? FindSnapshot(id) : null;

    /// <summary>Whether rows have ids, and position deletes are deletion vectors (<see href="https://iceberg.apache.org/spec/#row-lineage">Row Lineage</see>).</summary>
    public bool HasRowLineage => FormatVersion >= RowLineageFormatVersion;

    /// <summary>Whether its files are encrypted, so that none may be added in the clear.</summary>
    public bool IsEncrypted => EncryptionKeys.Count > 0 || Properties.ContainsKey(EncryptionKeyProperty);

    /// <summary>The sequence number of the next snapshot.</summary>
    public long NextSequenceNumber => FormatVersion == 1 ? 0 : LastSequenceNumber + 1;

    /// <summary>Whether a snapshot was ever made: until then no file follows a schema.</summary>
    internal bool HasHadFiles => LastSequenceNumber > 0 || Snapshots.Count > 0;

    /// <summary>The snapshot with an id, or null.</summary>
    public Snapshot? FindSnapshot(long snapshotId)
    {
        foreach (var snapshot in Snapshots)
            if (snapshot.SnapshotId == snapshotId) return snapshot;
        return null;
    }

    /// <summary>The schema with an id, or null.</summary>
    public Schema? FindSchema(int schemaId) => Schemas.FirstOrDefault(schema => schema.SchemaId == schemaId);

    /// <summary>The partition spec with an id, or null.</summary>
    public PartitionSpec? FindSpec(int specId) => PartitionSpecs.FirstOrDefault(spec => spec.SpecId == specId);
}
