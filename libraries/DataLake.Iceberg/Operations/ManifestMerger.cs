using System.Runtime.CompilerServices;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;

namespace DataLake.Iceberg.Operations;

/// <summary>
/// Makes few manifests of many small ones, so that neither commits nor plans grow with the number of commits. Only manifests of earlier snapshots are merged, where every entry has its sequence
/// number: what was merged stays right when the commit is tried again.
/// </summary>
internal sealed class ManifestMerger(SnapshotReader reader, CommitFiles output)
{
    private readonly Dictionary<string, IReadOnlyList<ManifestFile>> done = new(StringComparer.Ordinal);

    public async Task<IReadOnlyList<ManifestFile>> MergeAsync(TableMetadata table, IReadOnlyList<ManifestFile> manifests, CommitOptions options, CancellationToken cancellation)
    {
        if (options.MinManifestsToMerge == 0) return manifests;
        var result = new List<ManifestFile>();
        foreach (var kind in manifests.GroupBy(manifest => (manifest.Content, manifest.PartitionSpecId)))
        {
            var small = kind.Where(manifest => manifest.SequenceNumber is not null && manifest.ManifestLength < options.ManifestBytes / 2).ToList();
            result.AddRange(kind.Except(small));
            if (small.Count < options.MinManifestsToMerge)
            {
                result.AddRange(small);
                continue;
            }

            // A manifest from before an upgrade gets its row ids with the first snapshot after it.
            var key = string.Join('\n', small.Select(manifest => $"{manifest.FirstRowId} {manifest.ManifestPath}"));
            if (!done.TryGetValue(key, out var merged))
                done[key] = merged = await output.WriteManifestsAsync(table, kind.Key.PartitionSpecId, kind.Key.Content, options.ManifestBytes, LiveAsync(small, cancellation), cancellation);
            result.AddRange(merged);
        }

        return result;
    }

    private async IAsyncEnumerable<ManifestEntry> LiveAsync(List<ManifestFile> manifests, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var manifest in manifests)
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: true, cancellation))
                if (entry.IsLive) yield return entry.AsExisting();
    }
}
