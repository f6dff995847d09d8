using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Updates;

/// <summary>
/// One change of a table; a commit is a list of them. The kinds are those of the REST catalog's <c>TableUpdate</c>
/// (<see href="https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml">REST catalog</see>), so that every catalog can carry them.
/// </summary>
public abstract record TableUpdate
{
    /// <summary>In place of a schema, spec or sort order id: the one that was added last in the same commit.</summary>
    public const int LastAdded = -1;

    private TableUpdate()
    {
    }

    /// <summary><c>assign-uuid</c>: gives a new table its id.</summary>
    /// <param name="Uuid">The id.</param>
    public sealed record AssignUuid(Guid Uuid) : TableUpdate;

    /// <summary><c>upgrade-format-version</c>. Version 3 gives rows ids from the next snapshot on, and makes deletion vectors of position deletes; there is no way back.</summary>
    /// <param name="FormatVersion">The version, not below the present one.</param>
    public sealed record UpgradeFormatVersion(int FormatVersion) : TableUpdate;

    /// <summary><c>add-schema</c>. The table assigns the schema id; a schema that is there already is not added again.</summary>
    /// <param name="Schema">The schema.</param>
    public sealed record AddSchema(Schema Schema) : TableUpdate;

    /// <summary><c>set-current-schema</c>.</summary>
    /// <param name="SchemaId">The id, or <see cref="LastAdded"/>.</param>
    public sealed record SetCurrentSchema(int SchemaId) : TableUpdate;

    /// <summary><c>add-spec</c>. The table assigns the spec id and field ids that are missing; an equivalent spec is not added again.</summary>
    /// <param name="Spec">The partition spec.</param>
    public sealed record AddSpec(PartitionSpec Spec) : TableUpdate;

    /// <summary><c>set-default-spec</c>.</summary>
    /// <param name="SpecId">The id, or <see cref="LastAdded"/>.</param>
    public sealed record SetDefaultSpec(int SpecId) : TableUpdate;

    /// <summary><c>add-sort-order</c>. The table assigns the order id; an equal order is not added again.</summary>
    /// <param name="SortOrder">The sort order.</param>
    public sealed record AddSortOrder(SortOrder SortOrder) : TableUpdate;

    /// <summary><c>set-default-sort-order</c>.</summary>
    /// <param name="SortOrderId">The id, or <see cref="LastAdded"/>.</param>
    public sealed record SetDefaultSortOrder(int SortOrderId) : TableUpdate;

    /// <summary><c>add-snapshot</c>. No reference points to it yet.</summary>
    /// <param name="Snapshot">The snapshot.</param>
    public sealed record AddSnapshot(Snapshot Snapshot) : TableUpdate;

    /// <summary><c>set-snapshot-ref</c>: makes or moves a branch or tag.</summary>
    /// <param name="RefName">The name.</param>
    /// <param name="Reference">The snapshot and how long to keep it.</param>
    public sealed record SetSnapshotRef(string RefName, SnapshotReference Reference) : TableUpdate;

    /// <summary><c>remove-snapshots</c>; references to them go with them.</summary>
    /// <param name="SnapshotIds">The snapshots; those that are not there are ignored.</param>
    public sealed record RemoveSnapshots(IReadOnlyList<long> SnapshotIds) : TableUpdate;

    /// <summary><c>remove-snapshot-ref</c>.</summary>
    /// <param name="RefName">The name; nothing happens where there is none.</param>
    public sealed record RemoveSnapshotRef(string RefName) : TableUpdate;

    /// <summary><c>set-location</c>.</summary>
    /// <param name="Location">The base location.</param>
    public sealed record SetLocation(string Location) : TableUpdate;

    /// <summary><c>set-properties</c>.</summary>
    /// <param name="Updates">Keys and new values.</param>
    public sealed record SetProperties(IReadOnlyDictionary<string, string> Updates) : TableUpdate;

    /// <summary><c>remove-properties</c>.</summary>
    /// <param name="Removals">Keys; those that are not there are ignored.</param>
    public sealed record RemoveProperties(IReadOnlyList<string> Removals) : TableUpdate;

    /// <summary><c>set-statistics</c>: replaces the statistics file of its snapshot.</summary>
    /// <param name="Statistics">The file.</param>
    public sealed record SetStatistics(StatisticsFile Statistics) : TableUpdate;

    /// <summary><c>remove-statistics</c>.</summary>
    /// <param name="SnapshotId">The snapshot.</param>
    public sealed record RemoveStatistics(long SnapshotId) : TableUpdate;

    /// <summary><c>set-partition-statistics</c>: replaces the partition statistics file of its snapshot.</summary>
    /// <param name="PartitionStatistics">The file.</param>
    public sealed record SetPartitionStatistics(StatisticsFile PartitionStatistics) : TableUpdate;

    /// <summary><c>remove-partition-statistics</c>.</summary>
    /// <param name="SnapshotId">The snapshot.</param>
    public sealed record RemovePartitionStatistics(long SnapshotId) : TableUpdate;

    /// <summary><c>add-encryption-key</c>: replaces a key with the same id.</summary>
    /// <param name="EncryptionKey">The key.</param>
    public sealed record AddEncryptionKey(EncryptionKey EncryptionKey) : TableUpdate;

    /// <summary><c>remove-encryption-key</c>.</summary>
    /// <param name="KeyId">The key's id; nothing happens where there is none.</param>
    public sealed record RemoveEncryptionKey(string KeyId) : TableUpdate;

    /// <summary><c>remove-partition-specs</c>; only specs that no manifest refers to.</summary>
    /// <param name="SpecIds">The specs, not the default one.</param>
    public sealed record RemovePartitionSpecs(IReadOnlyList<int> SpecIds) : TableUpdate;

    /// <summary><c>remove-schemas</c>; only schemas that no snapshot refers to.</summary>
    /// <param name="SchemaIds">The schemas, not the current one.</param>
    public sealed record RemoveSchemas(IReadOnlyList<int> SchemaIds) : TableUpdate;
}
