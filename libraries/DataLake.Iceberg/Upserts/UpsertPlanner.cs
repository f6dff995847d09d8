using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Upserts;

/// <summary>
/// Plans an upsert: finds which rows of a table new rows replace, and writes them down as position deletes. Files whose bounds rule the keys out are not opened, and of those that remain only
/// key columns are read; in memory are the keys, as far as <see cref="KeySearchOptions.KeyBytes"/> goes, a few hundred bytes for each file that can hold one, and a bit for each row of files that do.
/// </summary>
/// <param name="files">The files of the table.</param>
/// <param name="options">Memory and cores.</param>
public sealed class UpsertPlanner(TableFiles files, KeySearchOptions? options = null)
{
    /// <summary>Plans an upsert on the table as it is. After a conflict it is planned again on the table as it is then, and this plan discarded.</summary>
    /// <param name="table">The table as it was loaded.</param>
    /// <param name="updates">Updates that go into the same commit (<c>SchemaEvolution.Updates</c>): keys are compared by the schema after them.</param>
    /// <param name="keyFieldIds">The key: required primitive columns, as identifier fields are.</param>
    /// <param name="generations">New data files with their metrics, oldest first: rows of each generation replace those of the same key in the table and in earlier generations. So several
    /// waiting runs become one snapshot, whose position deletes name files that it adds itself.</param>
    /// <param name="deletedKeys">Files, not part of the table, whose keys leave the table as it is; rows of the generations stay. May be empty.</param>
    /// <param name="cancellation">Stops the planning; what it wrote is removed.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: one generation has a key twice, so that nobody can say which row is the newer; or a key is null, or its type
    /// cannot be compared; or a file lacks a key column. Twice is seen among the keys that are in memory together: all, unless there are more than <see cref="KeySearchOptions.KeyBytes"/> holds.
    /// <see cref="IcebergErrorKind.Unsupported"/>: a file is not Parquet.</exception>
    public Task<ReplacementPlan> PlanAsync(
        CatalogTable table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(generations);
        ArgumentNullException.ThrowIfNull(deletedKeys);
        return RowDeletes.PlanAsync(table, () => PlanAsync(table.Metadata, updates, keyFieldIds, generations, deletedKeys, cancellation));
    }

    /// <summary>
    /// Plans an upsert that leaves the rows it replaces to readers and compaction: their keys are written down as equality deletes, for every partition, and no data file of the table is read. What later generations replace
    /// of earlier ones is deleted by position all the same: equality deletes apply to older files only.
    /// </summary>
    /// <param name="table">As for <see cref="PlanAsync(CatalogTable, IReadOnlyList{TableUpdate}, IReadOnlyList{int}, IReadOnlyList{IReadOnlyList{DataFile}}, IReadOnlyList{DataFile}, CancellationToken)"/>.</param>
    /// <param name="updates">As there.</param>
    /// <param name="keyFieldIds">As there.</param>
    /// <param name="generations">As there.</param>
    /// <param name="deletedKeys">As there.</param>
    /// <param name="cancellation">As there.</param>
    /// <returns>The plan. Where files of the table can hold the keys, it fits whatever others commit meanwhile. Of the rows replaced it counts only those of earlier generations.</returns>
    /// <exception cref="IcebergException">As there; and <see cref="IcebergErrorKind.Invalid"/>: the table has no partition spec without partitions.</exception>
    public Task<ReplacementPlan> PlanByKeyAsync(
        CatalogTable table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(keyFieldIds);
        ArgumentNullException.ThrowIfNull(generations);
        ArgumentNullException.ThrowIfNull(deletedKeys);
        return RowDeletes.PlanAsync(table, async () =>
        {
            if (Begin(table.Metadata, updates, keyFieldIds, generations, deletedKeys) is not { } upsert) return Added(updates, generations);
            var replaced = await ReplacedAmongAsync(upsert.Search, generations, cancellation);
            await upsert.Search.FindAsync(upsert.Keys, [], FirstOf(generations), cancellation);
            var deleteFiles = await upsert.Deletes.WriteAsync(replaced, new Dictionary<string, PositionSet>(), cancellation);
            var canHold = await new ScanPlanner(files).PlanAsync(upsert.Table, upsert.Table.CurrentSnapshot, upsert.Bounds.FilterFor(upsert.Table), cancellation: cancellation).AnyAsync(cancellation);
            if (!canHold) return Plan(table.Metadata, updates, upsert, generations, replaced, deleteFiles);
            try
            {
                deleteFiles = [.. deleteFiles, await new DeletedKeys(files, upsert.Table, keyFieldIds).WriteAsync(upsert.Keys, cancellation)];
            }
            catch
            {
                ReplacementPlan.Discard(files, deleteFiles);
                throw;
            }

            // Rows that others add meanwhile are older than the commit, and their keys deleted too.
            var plan = Plan(table.Metadata, updates, upsert, generations, replaced, deleteFiles);
            return new ReplacementPlan(files, plan.Change with { Isolation = null, ConflictFilter = null }, plan.RowsReplaced, deleteFiles);
        });
    }

    private async Task<ReplacementPlan> PlanAsync(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        if (Begin(table, updates, keyFieldIds, generations, deletedKeys) is not { } upsert) return Added(updates, generations);
        var replaced = await ReplacedAmongAsync(upsert.Search, generations, cancellation);
        var candidates = await upsert.Deletes.CandidatesAsync(upsert.Bounds.FilterFor(upsert.Table), keyFieldIds, cancellation);
        var found = await upsert.Search.FindAsync(upsert.Keys, [.. candidates.Values.Select(candidate => (candidate.File, (PositionSet?)null))], FirstOf(generations), cancellation);
        var deleted = await upsert.Deletes.LeaveOutDeletedAsync(found, candidates, cancellation);
        foreach (var (path, positions) in found)
            if (positions.Count > 0) replaced.Add(candidates[path].File, positions);

        return Plan(table, updates, upsert, generations, replaced, await upsert.Deletes.WriteAsync(replaced, deleted, cancellation));
    }

    /// <summary>What both kinds of upsert begin with; null where there are no keys.</summary>
    private Upsert? Begin(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys)
    {
        var changed = RowDeletes.Updated(table, updates);
        var search = new KeySearch((location, _) => ValueTask.FromResult(files.OpenRead(location)), changed.CurrentSchema, keyFieldIds, options);
        var keys = generations.SelectMany(generation => generation).Concat(deletedKeys).Where(file => file.RecordCount > 0).ToList();
        return keys.Count == 0 ? null : new Upsert(changed, search, new RowDeletes(files, changed), keys, new KeyBounds(keys, keyFieldIds.Zip(search.KeyTypes())));
    }

    private ReplacementPlan Added(IReadOnlyList<TableUpdate> updates, IReadOnlyList<IReadOnlyList<DataFile>> generations) =>
        new(files, TableChange.Append([.. generations.SelectMany(generation => generation)]) with { Updates = updates }, 0, []);

    private ReplacementPlan Plan(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, Upsert upsert, IReadOnlyList<IReadOnlyList<DataFile>> generations, Dictionary<DataFile, PositionSet> replaced, IReadOnlyList<DataFile> deleteFiles)
    {
        List<DataFile> added = [.. generations.SelectMany(generation => generation)];
        var change = deleteFiles.Count == 0
            ? TableChange.Append(added) with { BaseSnapshotId = table.CurrentSnapshotId, Isolation = Isolation.Serializable }
            : TableChange.RowDelta(table.CurrentSnapshotId, [.. added, .. deleteFiles], [.. replaced.Keys]);
        return new ReplacementPlan(
            files, change with { Updates = updates, ConflictFilter = now => upsert.Bounds.FilterFor(RowDeletes.Updated(now, updates)) }, replaced.Values.Sum(positions => positions.Count), deleteFiles);
    }

    /// <summary>Files whose keys come first when keys that come twice are looked for; in later generations they have been by then.</summary>
    private static int FirstOf(IReadOnlyList<IReadOnlyList<DataFile>> generations) => generations.Count == 0 ? 0 : generations[0].Count(file => file.RecordCount > 0);

    /// <summary>The rows of earlier generations that later ones replace.</summary>
    private static async Task<Dictionary<DataFile, PositionSet>> ReplacedAmongAsync(KeySearch search, IReadOnlyList<IReadOnlyList<DataFile>> generations, CancellationToken cancellation)
    {
        var replaced = new Dictionary<DataFile, PositionSet>(ReferenceEqualityComparer.Instance);
        var earlier = new Dictionary<string, DataFile>(StringComparer.Ordinal);
        for (var i = 1; i < generations.Count; i++)
        {
            foreach (var file in generations[i - 1]) earlier[file.FilePath] = file;
            var candidates = earlier.Values.Select(file => (file, replaced.GetValueOrDefault(file))).ToList();
            foreach (var (path, positions) in await search.FindAsync(generations[i], candidates, generations[i].Count, cancellation))
            {
                if (!replaced.TryAdd(earlier[path], positions)) replaced[earlier[path]].UnionWith(positions);
            }
        }

        return replaced;
    }

    /// <summary>An upsert as far as it is known without reading the table.</summary>
    /// <param name="Table">The table as the commit will leave it.</param>
    /// <param name="Search">Finds rows by key.</param>
    /// <param name="Deletes">Writes down which rows leave.</param>
    /// <param name="Keys">The files with the keys.</param>
    /// <param name="Bounds">Between which values they lie.</param>
    private sealed record Upsert(TableMetadata Table, KeySearch Search, RowDeletes Deletes, IReadOnlyList<DataFile> Keys, KeyBounds Bounds);
}
