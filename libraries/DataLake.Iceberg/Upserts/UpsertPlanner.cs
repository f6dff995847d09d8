using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
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

    private async Task<ReplacementPlan> PlanAsync(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, IReadOnlyList<int> keyFieldIds, IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile> deletedKeys,
        CancellationToken cancellation)
    {
        var changed = RowDeletes.Updated(table, updates);
        var deletes = new RowDeletes(files, changed);
        var search = new KeySearch((location, _) => ValueTask.FromResult(files.OpenRead(location)), changed.CurrentSchema, keyFieldIds, options);
        List<DataFile> added = [.. generations.SelectMany(generation => generation)];
        var keys = added.Concat(deletedKeys).Where(file => file.RecordCount > 0).ToList();
        if (keys.Count == 0) return new ReplacementPlan(files, TableChange.Append(added) with { Updates = updates }, 0, []);

        var bounds = new KeyBounds(keys, keyFieldIds.Zip(search.KeyTypes()));
        var replaced = await ReplacedAmongAsync(search, generations, cancellation);
        var candidates = await deletes.CandidatesAsync(bounds.FilterFor(changed), keyFieldIds, cancellation);

        // The keys of the first generation come first; in the others, keys that come twice have been looked for by now.
        var first = generations.Count == 0 ? 0 : generations[0].Count(file => file.RecordCount > 0);
        var found = await search.FindAsync(keys, [.. candidates.Values.Select(candidate => (candidate.File, (PositionSet?)null))], first, cancellation);
        var deleted = await deletes.LeaveOutDeletedAsync(found, candidates, cancellation);
        foreach (var (path, positions) in found)
            if (positions.Count > 0) replaced.Add(candidates[path].File, positions);

        var deleteFiles = await deletes.WriteAsync(replaced, deleted, cancellation);
        var change = deleteFiles.Count == 0
            ? TableChange.Append(added) with { BaseSnapshotId = table.CurrentSnapshotId, Isolation = Isolation.Serializable }
            : TableChange.RowDelta(table.CurrentSnapshotId, [.. added, .. deleteFiles], [.. replaced.Keys]);
        return new ReplacementPlan(files, change with { Updates = updates, ConflictFilter = now => bounds.FilterFor(RowDeletes.Updated(now, updates)) }, replaced.Values.Sum(positions => positions.Count), deleteFiles);
    }

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
}
