using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Maintenance;

/// <summary>What the snapshots of a table need. Manifests are held in memory, the files they list never all at once.</summary>
internal sealed class ReachableFiles
{
    private readonly SnapshotReader reader;
    private readonly Dictionary<string, ManifestFile> manifests;
    private readonly HashSet<string> others;

    private ReachableFiles(SnapshotReader reader, Dictionary<string, ManifestFile> manifests, HashSet<string> others) => (this.reader, this.manifests, this.others) = (reader, manifests, others);

    public static async Task<ReachableFiles> OfAsync(TableFiles files, CatalogTable table, CancellationToken cancellation)
    {
        var reader = new SnapshotReader(files);
        var manifests = new Dictionary<string, ManifestFile>(StringComparer.Ordinal);
        var others = new HashSet<string>(table.Metadata.MetadataLog.Select(entry => files.PathOf(entry.MetadataFile)), StringComparer.Ordinal) { files.PathOf(table.MetadataLocation) };
        foreach (var snapshot in table.Metadata.Snapshots)
        {
            if (snapshot.ManifestList is { } list) others.Add(files.PathOf(list));
            foreach (var manifest in await reader.ManifestsAsync(snapshot, cancellation)) manifests[files.PathOf(manifest.ManifestPath)] = manifest;
        }

        foreach (var statistics in table.Metadata.Statistics.Concat(table.Metadata.PartitionStatistics))
            if (LocationOf(statistics) is { } location) others.Add(files.PathOf(location));
        return new ReachableFiles(reader, manifests, others);
    }

    /// <summary>Where a statistics file is.</summary>
    public static string? LocationOf(StatisticsFile file)
    {
        using var json = System.Text.Json.JsonDocument.Parse(file.Json);
        return json.RootElement.TryGetProperty("statistics-path", out var path) ? path.GetString() : null;
    }

    public bool HasManifest(string path) => manifests.ContainsKey(path);

    /// <summary>Takes from lake paths those that the table needs.</summary>
    public async Task KeepUnreachableAsync(HashSet<string> paths, TableFiles files, CancellationToken cancellation)
    {
        paths.ExceptWith(others);
        paths.ExceptWith(manifests.Keys);
        foreach (var manifest in manifests.Values)
        {
            if (paths.Count == 0) return;
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
                if (entry.IsLive) paths.Remove(PathOf(files, entry.DataFile.FilePath));
        }
    }

    // A file outside the lake is nothing that would be removed.
    private static string PathOf(TableFiles files, string location) => files.TryPathOf(location) ?? location;
}
