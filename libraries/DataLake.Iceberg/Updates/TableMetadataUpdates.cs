using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Updates;

/// <summary>Makes the next table metadata from the present one. Nothing is read or written; the same input gives the same output.</summary>
public static class TableMetadataUpdates
{
    /// <summary>The table property that says how many entries the metadata log keeps.</summary>
    public const string PreviousVersionsMax = "write.metadata.previous-versions-max";

    private const int DefaultPreviousVersions = 100;

    /// <summary>The updates that make a new table.</summary>
    /// <param name="uuid">Its id.</param>
    /// <param name="location">Its base location.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="spec">Its partition spec; field ids may be left out.</param>
    /// <param name="sortOrder">Its sort order.</param>
    /// <param name="properties">Its settings.</param>
    /// <param name="formatVersion">2 or 3. A table of version 2 becomes one of version 3 by <see cref="TableUpdate.UpgradeFormatVersion"/>, never the other way.</param>
    public static IReadOnlyList<TableUpdate> Creation(
        Guid uuid, string location, Schema schema, PartitionSpec? spec = null, SortOrder? sortOrder = null, IReadOnlyDictionary<string, string>? properties = null,
        int formatVersion = TableMetadata.DefaultFormatVersion) =>
    [
        new TableUpdate.AssignUuid(uuid),
        new TableUpdate.UpgradeFormatVersion(formatVersion),
        new TableUpdate.AddSchema(schema),
        new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded),
        new TableUpdate.AddSpec(spec ?? PartitionSpec.Unpartitioned),
        new TableUpdate.SetDefaultSpec(TableUpdate.LastAdded),
        new TableUpdate.AddSortOrder(sortOrder ?? SortOrder.Unsorted),
        new TableUpdate.SetDefaultSortOrder(TableUpdate.LastAdded),
        new TableUpdate.SetLocation(location),
        new TableUpdate.SetProperties(properties ?? new Dictionary<string, string>()),
    ];

    /// <summary>The updates that add a snapshot and let a branch point to it.</summary>
    /// <param name="table">The table now: the branch keeps its retention.</param>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="branch">The branch.</param>
    public static IReadOnlyList<TableUpdate> Commit(TableMetadata table, Snapshot snapshot, string branch = SnapshotReference.Main)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(snapshot);
        var reference = table.Refs.GetValueOrDefault(branch) is { } present ? present with { SnapshotId = snapshot.SnapshotId } : new SnapshotReference(snapshot.SnapshotId, SnapshotReferenceType.Branch);
        return [new TableUpdate.AddSnapshot(snapshot), new TableUpdate.SetSnapshotRef(branch, reference)];
    }

    /// <summary>Applies updates in order and keeps the logs right. The result is checked as if it had been read.</summary>
    /// <param name="table">The table now; null to make a new one.</param>
    /// <param name="updates">What to change.</param>
    /// <param name="change">When, and over which file.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: an update cannot be applied. <see cref="IcebergErrorKind.CommitConflict"/>: a snapshot
    /// was made for an older table. <see cref="IcebergErrorKind.Unsupported"/>: a later format version.</exception>
    public static TableMetadata Apply(TableMetadata? table, IReadOnlyList<TableUpdate> updates, MetadataChange change)
    {
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(change);

        // A clock that lags behind another writer's must not turn time back: readers refuse logs that are not sorted.
        var state = new UpdateState(table ?? Empty, Math.Max(change.TimestampMs, table?.LastUpdatedMs ?? 0));
        foreach (var update in updates) Apply(state, update);
        var next = SnapshotUpdates.WithLog(state) with { LastUpdatedMs = state.TimestampMs };
        if (table is not null && change.PreviousMetadataFile is { } file) next = next with { MetadataLog = LogOf(next, new MetadataLogEntry(table.LastUpdatedMs, file)) };
        if (next.FormatVersion < TableMetadata.LeastWrittenFormatVersion)
            throw IcebergException.Unsupported("A table of version 1 is not changed here; upgrade it to version 2 in the same commit (upgrade-format-version).");
        if (TableMetadataRules.Fault(next) is { } fault)
            throw IcebergException.Invalid($"The updates would leave the table contradicting itself: {fault}. Correct or complete them.");
        return next;
    }

    private static TableMetadata Empty { get; } = new()
    {
        FormatVersion = 1,
        Location = "",
        LastUpdatedMs = 0,
        LastColumnId = 0,
        Schemas = [],
        CurrentSchemaId = -1,
        PartitionSpecs = [],
        DefaultSpecId = -1,
        LastPartitionId = PartitionField.FirstId - 1,
        SortOrders = [],
        DefaultSortOrderId = -1,
    };

    private static void Apply(UpdateState state, TableUpdate update)
    {
        var table = state.Table;
        switch (update)
        {
            case TableUpdate.AddSchema add: SchemaUpdates.Add(state, add.Schema); break;
            case TableUpdate.SetCurrentSchema set: SchemaUpdates.SetCurrent(state, set.SchemaId); break;
            case TableUpdate.RemoveSchemas remove: SchemaUpdates.Remove(state, remove.SchemaIds); break;
            case TableUpdate.AddSpec add: SpecUpdates.Add(state, add.Spec); break;
            case TableUpdate.SetDefaultSpec set: SpecUpdates.SetDefault(state, set.SpecId); break;
            case TableUpdate.RemovePartitionSpecs remove: SpecUpdates.Remove(state, remove.SpecIds); break;
            case TableUpdate.AddSortOrder add: SpecUpdates.AddOrder(state, add.SortOrder); break;
            case TableUpdate.SetDefaultSortOrder set: SpecUpdates.SetDefaultOrder(state, set.SortOrderId); break;
            case TableUpdate.AddSnapshot add: SnapshotUpdates.Add(state, add.Snapshot); break;
            case TableUpdate.SetSnapshotRef set: SnapshotUpdates.SetReference(state, set.RefName, set.Reference); break;
            case TableUpdate.RemoveSnapshots remove: SnapshotUpdates.Remove(state, remove.SnapshotIds); break;
            case TableUpdate.RemoveSnapshotRef remove: SnapshotUpdates.RemoveReference(state, remove.RefName); break;
            case TableUpdate.AssignUuid assign:
                state.Table = table.TableUuid is null || table.TableUuid == assign.Uuid ? table with { TableUuid = assign.Uuid } : throw IcebergException.Invalid("The table has a uuid, which never changes; leave assign-uuid out.");
                break;
            case TableUpdate.UpgradeFormatVersion upgrade: Upgrade(state, upgrade.FormatVersion); break;
            case TableUpdate.SetLocation set: state.Table = table with { Location = set.Location }; break;
            case TableUpdate.SetProperties set: state.Table = table with { Properties = Merge(table.Properties, set.Updates) }; break;
            case TableUpdate.RemoveProperties remove:
                state.Table = table with { Properties = table.Properties.Where(entry => !remove.Removals.Contains(entry.Key)).ToDictionary(StringComparer.Ordinal) };
                break;
            case TableUpdate.SetStatistics set: state.Table = table with { Statistics = Replace(table.Statistics, set.Statistics) }; break;
            case TableUpdate.RemoveStatistics remove: state.Table = table with { Statistics = Without(table.Statistics, remove.SnapshotId) }; break;
            case TableUpdate.SetPartitionStatistics set: state.Table = table with { PartitionStatistics = Replace(table.PartitionStatistics, set.PartitionStatistics) }; break;
            case TableUpdate.RemovePartitionStatistics remove: state.Table = table with { PartitionStatistics = Without(table.PartitionStatistics, remove.SnapshotId) }; break;
            case TableUpdate.AddEncryptionKey add: state.Table = table with { EncryptionKeys = [.. Without(table.EncryptionKeys, add.EncryptionKey.KeyId), add.EncryptionKey] }; break;
            case TableUpdate.RemoveEncryptionKey remove: state.Table = table with { EncryptionKeys = [.. Without(table.EncryptionKeys, remove.KeyId)] }; break;
            default: throw new ArgumentOutOfRangeException(nameof(update), update, "There is no such update.");
        }
    }

    private static void Upgrade(UpdateState state, int version)
    {
        if (version > TableMetadata.HighestFormatVersion)
            throw IcebergException.Unsupported($"Format version {version} is not written here; choose one up to {TableMetadata.HighestFormatVersion}.");
        if (version < state.Table.FormatVersion)
            throw IcebergException.Invalid($"A table of version {state.Table.FormatVersion} cannot go back to version {version}; leave the upgrade out.");
        state.Table = state.Table with { FormatVersion = version };
    }

    private static Dictionary<string, string> Merge(IReadOnlyDictionary<string, string> present, IReadOnlyDictionary<string, string> updates)
    {
        var merged = new Dictionary<string, string>(present, StringComparer.Ordinal);
        foreach (var (key, value) in updates) merged[key] = value;
        return merged;
    }

    private static IReadOnlyList<StatisticsFile> Replace(IReadOnlyList<StatisticsFile> files, StatisticsFile file) => [.. Without(files, file.SnapshotId), file];

    private static IEnumerable<EncryptionKey> Without(IReadOnlyList<EncryptionKey> keys, string keyId) => keys.Where(key => key.KeyId != keyId);

    private static IReadOnlyList<StatisticsFile> Without(IReadOnlyList<StatisticsFile> files, long snapshotId) => [.. files.Where(file => file.SnapshotId != snapshotId)];

    private static IReadOnlyList<MetadataLogEntry> LogOf(TableMetadata next, MetadataLogEntry previous)
    {
        var keep = int.TryParse(next.Properties.GetValueOrDefault(PreviousVersionsMax), out var wanted) ? Math.Max(1, wanted) : DefaultPreviousVersions;
        return [.. next.MetadataLog.Append(previous).TakeLast(keep)];
    }
}
