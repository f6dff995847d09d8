using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Operations;

/// <summary>
/// Moves main back, and makes and drops branches and tags (<see href="https://iceberg.apache.org/spec/#snapshot-references">Snapshot References</see>). No file is written but the table metadata. Asking
/// twice does no harm: what is so already stays so.
/// </summary>
public sealed class TableReferences(ICatalog catalog)
{
    private const int MaxAttempts = 10;

    /// <summary>Sets main back to a snapshot. Later snapshots stay until they expire; runs that made them can be committed anew.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="force">Whether main may also go to a snapshot that it does not come from, such as one that another rollback left behind.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: no such table or snapshot. <see cref="IcebergErrorKind.Invalid"/>: main does not come from the snapshot.
    /// <see cref="IcebergErrorKind.CommitConflict"/>: others committed meanwhile, which the caller has not seen and would lose.</exception>
    public Task<CatalogTable> RollBackAsync(TableIdentifier identifier, long snapshotId, bool force, CancellationToken cancellation) =>
        RollBackAsync(identifier, table => SnapshotSelection.ById(table, snapshotId), null, force, [], cancellation);

    /// <summary>Sets main from a snapshot that the caller has looked at to any other that the table has, and makes further updates in the same commit, such as to properties that say what the table holds.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="seenSnapshotId">The snapshot that main must still point to.</param>
    /// <param name="snapshotId">The snapshot it is to point to. Where it does already, nothing is done.</param>
    /// <param name="updates">The further updates.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: no such table or snapshot. <see cref="IcebergErrorKind.CommitConflict"/>: main is at another snapshot than the caller has seen.</exception>
    public Task<CatalogTable> RollBackAsync(TableIdentifier identifier, long seenSnapshotId, long snapshotId, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(updates);
        return RollBackAsync(identifier, table => SnapshotSelection.ById(table, snapshotId), seenSnapshotId, force: true, updates, cancellation);
    }

    /// <summary>Sets main back to the snapshot that was current at a time.</summary>
    /// <exception cref="IcebergException">As for a snapshot; and <see cref="IcebergErrorKind.NotFound"/>: the table had none then, or does not know any more.</exception>
    public Task<CatalogTable> RollBackAsync(TableIdentifier identifier, DateTimeOffset time, bool force, CancellationToken cancellation) =>
        RollBackAsync(identifier, table => SnapshotSelection.AsOf(table, time), null, force, [], cancellation);

    /// <summary>Makes a branch or tag.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="name">Its name.</param>
    /// <param name="reference">The snapshot, and how long to keep it.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: no such table or snapshot. <see cref="IcebergErrorKind.Invalid"/>: the name is taken by another reference.</exception>
    public Task<CatalogTable> CreateAsync(TableIdentifier identifier, string name, SnapshotReference reference, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(reference);
        return ChangeAsync(identifier, table =>
        {
            if (table.Refs.GetValueOrDefault(name) is { } present)
                return present.Equals(reference) ? null : throw IcebergException.Invalid($"The table has a {present.Type} '{name}' at the snapshot {present.SnapshotId}; drop it first, or choose another name.");
            _ = SnapshotSelection.ById(table, reference.SnapshotId);
            return (new TableRequirement.AssertRefSnapshotId(name, null), [new TableUpdate.SetSnapshotRef(name, reference)]);
        }, cancellation);
    }

    /// <summary>Drops a branch or tag. Its snapshots stay until they expire.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.NotFound"/>: no such table. <see cref="IcebergErrorKind.Invalid"/>: main is never dropped.</exception>
    public Task<CatalogTable> DropAsync(TableIdentifier identifier, string name, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == SnapshotReference.Main) throw IcebergException.Invalid("main is the table and is not dropped; drop the table, or roll main back.");
        return ChangeAsync(
            identifier,
            table => table.Refs.GetValueOrDefault(name) is { } present ? (new TableRequirement.AssertRefSnapshotId(name, present.SnapshotId), [new TableUpdate.RemoveSnapshotRef(name)]) : null,
            cancellation);
    }

    private Task<CatalogTable> RollBackAsync(
        TableIdentifier identifier, Func<TableMetadata, Snapshot> select, long? seen, bool force, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        long? wanted = null;
        return ChangeAsync(identifier, table =>
        {
            // The first look decides: a later one would see time differently.
            wanted ??= select(table).SnapshotId;
            var target = SnapshotSelection.ById(table, wanted.Value);
            if (table.CurrentSnapshot is not { } current || current.SnapshotId == wanted) return null;
            if ((seen ??= current.SnapshotId) != current.SnapshotId)
                throw new IcebergException(IcebergErrorKind.CommitConflict, $"Main moved from the snapshot {seen} to {current.SnapshotId} while it was being rolled back. Look at what came, and roll back again.");
            if (!force && SnapshotSelection.History(table, current).All(snapshot => snapshot.SnapshotId != wanted))
                throw IcebergException.Invalid($"Main does not come from the snapshot {wanted}, made {DateTimeOffset.FromUnixTimeMilliseconds(target.TimestampMs):u}; choose one of its own history, or force it.");
            return (
                new TableRequirement.AssertRefSnapshotId(SnapshotReference.Main, current.SnapshotId),
                [.. updates, new TableUpdate.SetSnapshotRef(SnapshotReference.Main, table.Refs[SnapshotReference.Main] with { SnapshotId = wanted.Value })]);
        }, cancellation);
    }

    /// <summary>Commits a change of one reference. After a conflict, or a lost answer, the table is looked at again.</summary>
    private async Task<CatalogTable> ChangeAsync(
        TableIdentifier identifier, Func<TableMetadata, (TableRequirement Requirement, IReadOnlyList<TableUpdate> Updates)?> change, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        for (var attempt = 1; ; attempt++)
        {
            var table = await catalog.LoadTableAsync(identifier, cancellation) ?? throw new IcebergException(IcebergErrorKind.NotFound, $"There is no table {identifier} in the catalog '{catalog.Name}'.");
            if (change(table.Metadata) is not { } wanted) return table;
            List<TableRequirement> requirements = [wanted.Requirement];
            if (table.Metadata.TableUuid is { } uuid) requirements.Insert(0, new TableRequirement.AssertTableUuid(uuid));
            try
            {
                return await catalog.CommitTableAsync(table, requirements, wanted.Updates, cancellation);
            }
            catch (IcebergException error) when (attempt < MaxAttempts && error.Kind is IcebergErrorKind.CommitConflict or IcebergErrorKind.UnknownOutcome)
            {
                // Looked at again.
            }
        }
    }
}
