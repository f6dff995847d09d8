using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Removes files below a table's folder that the table does not know: what crashes and lost answers left. No other table may lie in that folder.</summary>
public sealed class OrphanFiles(ICatalog catalog, TableFiles files, TimeProvider clock)
{
    private const int BatchSize = 100_000;

    /// <summary>Removes the orphans of a table.</summary>
    /// <param name="identifier">The table.</param>
    /// <param name="grace">How old a file must be: longer than any commit takes from its first file on, and any reader of an expired snapshot.</param>
    /// <param name="cancellation">Stops the removal.</param>
    /// <returns>How many files were removed.</returns>
    /// <exception cref="IcebergException">The table is not there, or one of its files cannot be read: nothing is removed then.</exception>
    public async Task<int> RemoveAsync(TableIdentifier identifier, TimeSpan grace, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        ArgumentOutOfRangeException.ThrowIfLessThan(grace, TimeSpan.Zero);
        var table = await LoadAsync(identifier, cancellation);
        var before = clock.GetUtcNow() - grace;
        var removed = 0;
        foreach (var folder in new[] { table.Metadata.Location, MetadataFiles.FolderOf(table.Metadata) }.Distinct())
        {
            // Listed before the table is loaded again: a file that is committed meanwhile is known then.
            foreach (var batch in files.List(folder).Where(file => file.File.ModifiedAt < before).Select(file => file.File.Path).Chunk(BatchSize))
            {
                var paths = batch.ToHashSet(StringComparer.Ordinal);
                var needed = await ReachableFiles.OfAsync(files, await LoadAsync(identifier, cancellation), cancellation);
                await needed.KeepUnreachableAsync(paths, files, cancellation);
                removed += paths.Count(path => files.Delete(files.LocationOf(path)));
            }
        }

        return removed;
    }

    private async Task<CatalogTable> LoadAsync(TableIdentifier identifier, CancellationToken cancellation) =>
        await catalog.LoadTableAsync(identifier, cancellation) ?? throw new IcebergException(IcebergErrorKind.NotFound, $"There is no table {identifier} in the catalog '{catalog.Name}'.");
}
