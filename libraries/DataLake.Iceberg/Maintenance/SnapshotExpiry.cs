using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Maintenance;

/// <summary>What an expiry did.</summary>
/// <param name="Table">The table after it.</param>
/// <param name="Snapshots">The snapshots that are gone.</param>
/// <param name="FilesRemoved">Files that were removed: data, deletes, manifests, lists, statistics.</param>
public sealed record ExpiryOutcome(CatalogTable Table, IReadOnlyList<long> Snapshots, int FilesRemoved);

/// <summary>
/// Lets old snapshots go, and removes the files that only they needed. Files outside the table's own folder, such as RAW files that it refers to in place, are left to their owner. Files that a crash leaves
/// are <see cref="OrphanFiles"/>'.
/// </summary>
public sealed class SnapshotExpiry(ICatalog catalog, TableFiles files, TimeProvider clock)
{
    private const int MaxAttempts = 10;

    // Paths of files that are looked up together: some 20 MB.
    private const int BatchSize = 100_000;

    /// <summary>Expires snapshots.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="options">Which; what the table's properties say goes before them.</param>
    /// <param name="cancellation">Stops the expiry.</param>
    /// <exception cref="IcebergException">The table is not there, or others commit all the time.</exception>
    public async Task<ExpiryOutcome> ExpireAsync(TableIdentifier identifier, ExpiryOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        ArgumentNullException.ThrowIfNull(options);
        var seen = new Dictionary<long, Snapshot>();
        var statistics = new HashSet<string>();
        for (var attempt = 1; ; attempt++)
        {
            var table = await catalog.LoadTableAsync(identifier, cancellation) ?? throw new IcebergException(IcebergErrorKind.NotFound, $"There is no table {identifier} in the catalog '{catalog.Name}'.");
            foreach (var snapshot in table.Metadata.Snapshots) seen[snapshot.SnapshotId] = snapshot;
            statistics.UnionWith(table.Metadata.Statistics.Concat(table.Metadata.PartitionStatistics).Select(ReachableFiles.LocationOf).OfType<string>());
            var (references, snapshots) = SnapshotRetention.Expired(table.Metadata, options.For(table.Metadata), clock.GetUtcNow());
            try
            {
                if (references.Count + snapshots.Count > 0)
                {
                    // A reference that moved may lead to what expires.
                    var requirements = table.Metadata.Refs.Select(entry => (TableRequirement)new TableRequirement.AssertRefSnapshotId(entry.Key, entry.Value.SnapshotId)).ToList();
                    List<TableUpdate> updates = [.. references.Select(name => new TableUpdate.RemoveSnapshotRef(name))];
                    if (snapshots.Count > 0) updates.Add(new TableUpdate.RemoveSnapshots(snapshots));
                    table = await catalog.CommitTableAsync(table, requirements, updates, cancellation);
                }
            }
            catch (IcebergException error) when (error.Kind is IcebergErrorKind.CommitConflict or IcebergErrorKind.UnknownOutcome && attempt < MaxAttempts)
            {
                continue;
            }

            // Also what an attempt with a lost answer, or somebody else, expired meanwhile.
            var gone = seen.Values.Where(snapshot => table.Metadata.FindSnapshot(snapshot.SnapshotId) is null).ToList();
            return new ExpiryOutcome(table, [.. gone.Select(snapshot => snapshot.SnapshotId)], gone.Count == 0 ? 0 : await RemoveAsync(table, gone, statistics, cancellation));
        }
    }

    private async Task<int> RemoveAsync(CatalogTable table, List<Snapshot> gone, HashSet<string> statistics, CancellationToken cancellation)
    {
        var reader = new SnapshotReader(files);
        var needed = await ReachableFiles.OfAsync(files, table, cancellation);
        var folders = new[] { table.Metadata.Location, MetadataFiles.FolderOf(table.Metadata) }.Select(location => files.PathOf(location).TrimEnd('/') + '/').Distinct().ToList();
        var batch = new HashSet<string>(statistics.Select(files.TryPathOf).OfType<string>(), StringComparer.Ordinal);
        var lists = new HashSet<string>(StringComparer.Ordinal);
        var manifests = new HashSet<string>(StringComparer.Ordinal);
        var removed = 0;
        foreach (var snapshot in gone)
        {
            if (snapshot.ManifestList is { } list && files.TryPathOf(list) is { } listPath) lists.Add(listPath);
            IReadOnlyList<Manifests.ManifestFile> listed;
            try
            {
                listed = await reader.ManifestsAsync(snapshot, cancellation);
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.NotFound)
            {
                continue; // Another expiry of the same snapshot was faster.
            }

            foreach (var manifest in listed)
            {
                var path = files.PathOf(manifest.ManifestPath);
                if (needed.HasManifest(path) || !manifests.Add(path)) continue;
                try
                {
                    await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
                    {
                        if (files.TryPathOf(entry.DataFile.FilePath) is { } file) batch.Add(file);
                        if (batch.Count >= BatchSize) removed += await RemoveAsync(batch, needed, folders, cancellation);
                    }
                }
                catch (IcebergException error) when (error.Kind == IcebergErrorKind.NotFound)
                {
                    // As above.
                }
            }
        }

        // The files first, then what leads to them: where this stops half-way the rest are orphans, and no list is without its manifests.
        removed += await RemoveAsync(batch, needed, folders, cancellation);
        removed += await RemoveAsync(lists, needed, folders, cancellation);
        return removed + await RemoveAsync(manifests, needed, folders, cancellation);
    }

    private async Task<int> RemoveAsync(HashSet<string> paths, ReachableFiles needed, List<string> folders, CancellationToken cancellation)
    {
        await needed.KeepUnreachableAsync(paths, files, cancellation);
        var removed = paths.Count(path => folders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal)) && files.Delete(files.LocationOf(path)));
        paths.Clear();
        return removed;
    }
}
