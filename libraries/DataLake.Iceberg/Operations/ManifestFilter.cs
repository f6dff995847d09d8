using System.Runtime.CompilerServices;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Operations;

/// <summary>What became of a manifest from which files were removed.</summary>
/// <param name="Manifests">The manifests in its place.</param>
/// <param name="Removed">What was removed.</param>
/// <param name="RemovedPaths">The paths of it.</param>
internal sealed record FilteredManifest(IReadOnlyList<ManifestFile> Manifests, FileCounts Removed, IReadOnlyList<string> RemovedPaths);

/// <summary>
/// Removes a change's files from manifests: those that list one of them are written anew with it as deleted, all others stay as they are. What was done is kept for the next attempt.
/// </summary>
internal sealed class ManifestFilter
{
    private readonly TableChange change;
    private readonly long snapshotId;
    private readonly SnapshotReader reader;
    private readonly CommitFiles output;
    private readonly HashSet<string> paths;
    private readonly Dictionary<(int SpecId, bool IsData), HashSet<PartitionTuple>> partitions = [];
    private readonly Dictionary<string, FilteredManifest> done = new(StringComparer.Ordinal);

    public ManifestFilter(TableChange change, long snapshotId, SnapshotReader reader, CommitFiles output)
    {
        (this.change, this.snapshotId, this.reader, this.output) = (change, snapshotId, reader, output);
        paths = change.RemovedFiles.Select(file => file.FilePath).ToHashSet(StringComparer.Ordinal);
        foreach (var file in change.RemovedFiles)
        {
            var key = (file.PartitionSpecId, file.Content == DataFileContent.Data);
            if (!partitions.TryGetValue(key, out var tuples)) partitions[key] = tuples = [];
            tuples.Add(file.Partition);
        }
    }

    /// <summary>The manifests of the next snapshot that come from those of the present one.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: a file that should be removed is not there.</exception>
    public async Task<FilteredManifest> FilterAsync(TableMetadata table, IReadOnlyList<ManifestFile> manifests, CommitOptions options, CancellationToken cancellation)
    {
        var removed = new FileCounts();
        var found = new HashSet<string>(StringComparer.Ordinal);
        var result = new List<ManifestFile>();
        foreach (var manifest in manifests)
        {
            // Manifests whose files have all gone tell only of an older snapshot's deletes.
            if (!manifest.HasLiveFiles) continue;
            if (!done.TryGetValue(manifest.ManifestPath, out var filtered)) done[manifest.ManifestPath] = filtered = await FilterAsync(table, manifest, options, cancellation);
            result.AddRange(filtered.Manifests);
            removed.Add(filtered.Removed);
            found.UnionWith(filtered.RemovedPaths);
        }

        if (paths.FirstOrDefault(path => !found.Contains(path)) is { } missing)
            throw new IcebergException(IcebergErrorKind.CommitConflict, $"'{missing}' should leave the table and is not part of it any more: somebody else removed it. Plan the operation again on the table as it is.");
        return new FilteredManifest(result, removed, [.. found]);
    }

    private async Task<FilteredManifest> FilterAsync(TableMetadata table, ManifestFile manifest, CommitOptions options, CancellationToken cancellation)
    {
        var counts = new FileCounts();
        var removed = new List<string>();
        var isUncounted = manifest.AddedFilesCount is null || manifest.ExistingFilesCount is null || manifest.DeletedFilesCount is null
            || manifest.AddedRowsCount is null || manifest.ExistingRowsCount is null || manifest.DeletedRowsCount is null;
        if (CanHaveRemoved(table, manifest))
        {
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
            {
                if (!entry.IsLive || !IsRemoved(entry.DataFile)) continue;
                counts.Add(entry.DataFile);
                removed.Add(entry.DataFile.FilePath);
            }
        }

        if (removed.Count == 0 && !isUncounted) return new FilteredManifest([manifest], counts, removed);
        return new FilteredManifest(
            await output.WriteManifestsAsync(table, manifest.PartitionSpecId, manifest.Content, options.ManifestBytes, RewrittenAsync(manifest, cancellation), cancellation), counts, removed);
    }

    private async IAsyncEnumerable<ManifestEntry> RewrittenAsync(ManifestFile manifest, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: true, cancellation))
            if (entry.IsLive) yield return IsRemoved(entry.DataFile) ? entry.AsDeleted(snapshotId) : entry.AsExisting();
    }

    private bool IsRemoved(DataFile file) => change.RemovesAll || paths.Contains(file.FilePath);

    private bool CanHaveRemoved(TableMetadata table, ManifestFile manifest)
    {
        if (change.RemovesAll) return true;
        if (!partitions.TryGetValue((manifest.PartitionSpecId, manifest.Content == ManifestContent.Data), out var tuples)) return false;
        if (manifest.Partitions is not { } summaries || table.FindSpec(manifest.PartitionSpecId) is not { } spec) return true;
        var types = spec.PartitionType(table.CurrentSchema).Fields;
        return tuples.Any(tuple => Enumerable.Range(0, Math.Min(summaries.Count, tuple.Count)).All(i => CanHold(summaries[i], (Types.PrimitiveType)types[i].Type, tuple[i])));
    }

    private static bool CanHold(FieldSummary summary, Types.PrimitiveType type, IcebergValue value)
    {
        if (value.IsNull) return summary.ContainsNull;
        value = PartitionPromotion.Promote(value, type);

        // Where the types do not tell, as for a column that is gone, the manifest is read.
        if (value.IsNaN || value.Type != type.Id || summary.LowerBound is not { } lower || summary.UpperBound is not { } upper) return true;
        return IcebergValue.Compare(value, SingleValueBinary.Read(type, lower.Span)) >= 0 && IcebergValue.Compare(value, SingleValueBinary.Read(type, upper.Span)) <= 0;
    }
}
