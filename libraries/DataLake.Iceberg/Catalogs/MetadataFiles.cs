using System.Globalization;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Metadata;
using DataLake.Storage;

namespace DataLake.Iceberg.Catalogs;

/// <summary>The metadata files of tables, for catalogs that only keep the pointer to the newest one. Each has a name of its own, so that writers never meet.</summary>
public sealed class MetadataFiles(TableFiles files)
{
    /// <summary>The table property that puts metadata elsewhere than in <c>metadata</c> below the table's location.</summary>
    public const string PathProperty = "write.metadata.path";

    /// <summary>The table property that lets a commit remove the metadata files which fall off the metadata log; <c>write.metadata.previous-versions-max</c> says how long that is.</summary>
    public const string DeleteAfterCommitProperty = "write.metadata.delete-after-commit.enabled";

    // A hundred tables of a hundred snapshots.
    private const long MostRememberedBytes = 8 << 20;

    private readonly RecentMetadata recent = new(MostRememberedBytes);

    /// <summary>Reads one, or remembers it: such files never change.</summary>
    /// <exception cref="IcebergException">It is not there, or not valid.</exception>
    public async Task<TableMetadata> ReadAsync(string location, CancellationToken cancellation)
    {
        if (recent.TryGet(location, out var known)) return known;
        var bytes = await files.ReadAllAsync(location, IcebergReadLimits.Default.MaxMetadataBytes, cancellation);
        var table = TableMetadataJson.Parse(bytes);
        recent.Put(location, table, bytes.Length);
        return table;
    }

    /// <summary>Writes one.</summary>
    /// <param name="table">What it says.</param>
    /// <param name="previous">The one before, whose number in the name is counted on; null for a new table.</param>
    /// <param name="cancellation">Stops the writing.</param>
    /// <returns>Where it is.</returns>
    public async Task<string> WriteAsync(TableMetadata table, string? previous, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        var location = string.Create(CultureInfo.InvariantCulture, $"{FolderOf(table)}/{NumberAfter(previous):D5}-{Guid.NewGuid()}.metadata.json");
        var bytes = TableMetadataJson.ToMemory(table);
        await files.WriteAllAsync(location, bytes, cancellation);
        recent.Put(location, table, bytes.Length);
        return location;
    }

    /// <summary>Removes one that was never pointed to.</summary>
    public void Delete(string location)
    {
        recent.Remove(location);
        files.Delete(location);
    }

    /// <summary>
    /// Removes the metadata files that a commit made the metadata log forget, if the table's properties ask for it. Only from the table's own metadata folder: a table that was registered from elsewhere
    /// logs files of another. The commit stands in any case; what cannot be removed is an orphan.
    /// </summary>
    /// <param name="before">The table before the commit.</param>
    /// <param name="after">The table after it.</param>
    public void DeleteForgotten(TableMetadata before, TableMetadata after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        if (TableProperties.Flag(after, DeleteAfterCommitProperty) != true || files.TryPathOf(FolderOf(after)) is not { } folder) return;
        var kept = after.MetadataLog.Select(entry => entry.MetadataFile).ToHashSet(StringComparer.Ordinal);
        foreach (var entry in before.MetadataLog.Where(entry => !kept.Contains(entry.MetadataFile)))
        {
            try
            {
                if (files.TryPathOf(entry.MetadataFile)?.StartsWith($"{folder}/", StringComparison.Ordinal) == true) files.Delete(entry.MetadataFile);
            }
            catch (StorageException)
            {
                // As promised.
            }
        }
    }

    /// <summary>Where a table's metadata, manifest lists and manifests are written.</summary>
    public static string FolderOf(TableMetadata table)
    {
        ArgumentNullException.ThrowIfNull(table);
        return (table.Properties.GetValueOrDefault(PathProperty) ?? $"{table.Location.TrimEnd('/')}/metadata").TrimEnd('/');
    }

    private static int NumberAfter(string? previous)
    {
        if (previous is null) return 0;
        var name = previous.AsSpan(previous.LastIndexOf('/') + 1).TrimStart('v');
        var digits = name.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(digits < 0 ? name : name[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number + 1 : 1;
    }
}
