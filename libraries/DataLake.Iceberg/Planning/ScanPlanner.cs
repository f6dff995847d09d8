using System.Runtime.CompilerServices;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Planning;

/// <summary>A data file to read, and the delete files that apply to it.</summary>
/// <param name="Data">The data file with its sequence number.</param>
/// <param name="Deletes">The delete files; empty for most.</param>
public sealed record ScanFile(ManifestEntry Data, IReadOnlyList<ManifestEntry> Deletes);

/// <summary>Finds the live files of a snapshot. Delete files are held in memory, data files stream.</summary>
public sealed class ScanPlanner(TableFiles files)
{
    private readonly SnapshotReader reader = new(files);

    /// <summary>The data files of a snapshot that can hold rows which a filter matches.</summary>
    /// <param name="table">The table.</param>
    /// <param name="snapshot">The snapshot, by <see cref="SnapshotSelection"/> or <see cref="TableMetadata.CurrentSnapshot"/>; null gives nothing.</param>
    /// <param name="filter">The filter, or null for all files.</param>
    /// <param name="withMetrics">Whether sizes, counts and bounds of the data files are wanted; with a filter they are read in any case.</param>
    /// <param name="cancellation">Stops the planning.</param>
    /// <exception cref="IcebergException">A manifest is missing or damaged.</exception>
    public async IAsyncEnumerable<ScanFile> PlanAsync(
        TableMetadata table, Snapshot? snapshot, FileFilter? filter = null, bool withMetrics = false, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(table);
        var manifests = (await reader.ManifestsAsync(snapshot, cancellation)).Where(manifest => manifest.HasLiveFiles && filter?.CanMatch(manifest) != false).ToList();
        var deletes = new DeleteIndex(table);
        foreach (var manifest in manifests.Where(manifest => manifest.Content == ManifestContent.Deletes))
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: true, cancellation))
                if (entry.IsLive && filter?.CanMatchPartition(entry.DataFile) != false) deletes.Add(entry);
        foreach (var manifest in manifests.Where(manifest => manifest.Content == ManifestContent.Data))
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics || filter is not null, cancellation))
                if (entry.IsLive && filter?.CanMatch(entry.DataFile) != false) yield return new ScanFile(entry, deletes.For(entry));
    }
}
