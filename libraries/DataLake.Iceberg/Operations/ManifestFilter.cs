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
/// <param name="RemovedFiles">What it was.</param>
internal sealed record FilteredManifest(IReadOnlyList<ManifestFile> Manifests, FileCounts Removed, IReadOnlyList<FileIdentity> RemovedFiles);

/// <summary>
/// Removes a change's files from manifests: those that list one of them are written anew with it as deleted, all others stay as they are. What was done is kept for the next attempt. With a data file
/// its deletion vector leaves, and a new vector takes the place of what there was before for its data file alone: so there is one at most, and none of a file that is gone
/// (<see href="https://iceberg.apache.org/spec/#deletion-vectors">Deletion Vectors</see>).
/// </summary>
internal sealed class ManifestFilter
{
    private readonly TableChange change;
    private readonly long snapshotId;
    private readonly SnapshotReader reader;
    private readonly CommitFiles output;
    private readonly HashSet<FileIdentity> wanted;
    private readonly HashSet<string> removedData;
    private readonly HashSet<string> replacedDeletes;
    private readonly Dictionary<(int SpecId, Listed Listed), HashSet<PartitionTuple>> partitions = [];

    // A manifest from before an upgrade gets its row ids with the first snapshot after it.
    private readonly Dictionary<(string Path, long? FirstRowId), FilteredManifest> done = [];

    public ManifestFilter(TableChange change, long snapshotId, SnapshotReader reader, CommitFiles output)
    {
        (this.change, this.snapshotId, this.reader, this.output) = (change, snapshotId, reader, output);
        wanted = [.. change.RemovedFiles.Select(file => file.Identity)];
        removedData = change.RemovedFiles.Where(file => file.Content == DataFileContent.Data).Select(file => file.FilePath).ToHashSet(StringComparer.Ordinal);
        replacedDeletes = change.AddedFiles.Where(file => file.IsDeletionVector).Select(file => file.ReferencedDataFile!).ToHashSet(StringComparer.Ordinal);
        foreach (var file in change.RemovedFiles)
        {
            Expect(file.Content == DataFileContent.Data ? Listed.Data : Listed.Deletes, file);
            Expect(Listed.Vectors, file);
        }

        foreach (var file in change.AddedFiles.Where(file => file.IsDeletionVector)) Expect(Listed.Vectors, file);

        void Expect(Listed listed, DataFile file)
        {
            if (!partitions.TryGetValue((file.PartitionSpecId, listed), out var tuples)) partitions[(file.PartitionSpecId, listed)] = tuples = [];
            tuples.Add(file.Partition);
        }
    }

    /// <summary>What of a manifest may have to leave.</summary>
    private enum Listed
    {
        Data,
        Deletes,

        /// <summary>Delete files of data files that leave, or get a vector; only where the table has vectors.</summary>
        Vectors,
    }

    /// <summary>The manifests of the next snapshot that come from those of the present one.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: a file that should be removed is not there.</exception>
    public async Task<FilteredManifest> FilterAsync(TableMetadata table, IReadOnlyList<ManifestFile> manifests, CommitOptions options, CancellationToken cancellation)
    {
        var removed = new FileCounts();
        var found = new HashSet<FileIdentity>();
        var result = new List<ManifestFile>();
        foreach (var manifest in manifests)
        {
            // Manifests whose files have all gone tell only of an older snapshot's deletes.
            if (!manifest.HasLiveFiles) continue;
            var key = (manifest.ManifestPath, manifest.FirstRowId);
            if (!done.TryGetValue(key, out var filtered)) done[key] = filtered = await FilterAsync(table, manifest, options, cancellation);
            result.AddRange(filtered.Manifests);
            removed.Add(filtered.Removed);
            found.UnionWith(filtered.RemovedFiles);
        }

        if (change.RemovedFiles.FirstOrDefault(file => !found.Contains(file.Identity)) is { } missing)
            throw new IcebergException(IcebergErrorKind.CommitConflict, $"'{missing.FilePath}' should leave the table and is not part of it any more: somebody else removed it. Plan the operation again on the table as it is.");
        return new FilteredManifest(result, removed, [.. found]);
    }

    private async Task<FilteredManifest> FilterAsync(TableMetadata table, ManifestFile manifest, CommitOptions options, CancellationToken cancellation)
    {
        var counts = new FileCounts();
        var removed = new List<FileIdentity>();
        var isUncounted = manifest.AddedFilesCount is null || manifest.ExistingFilesCount is null || manifest.DeletedFilesCount is null
            || manifest.AddedRowsCount is null || manifest.ExistingRowsCount is null || manifest.DeletedRowsCount is null;
        if (CanHaveRemoved(table, manifest))
        {
            await foreach (var entry in reader.EntriesAsync(manifest, withMetrics: false, cancellation))
            {
                if (!entry.IsLive || !IsRemoved(entry.DataFile)) continue;
                counts.Add(entry.DataFile);
                removed.Add(entry.DataFile.Identity);
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

    private bool IsRemoved(DataFile file)
    {
        if (change.RemovesAll || wanted.Contains(file.Identity)) return true;
        if (file.Content != DataFileContent.PositionDeletes || file.ReferencedDataFile is not { } target) return false;
        return replacedDeletes.Contains(target) || (file.IsDeletionVector && removedData.Contains(target));
    }

    private bool CanHaveRemoved(TableMetadata table, ManifestFile manifest)
    {
        if (change.RemovesAll) return true;
        var listed = manifest.Content == ManifestContent.Data ? Listed.Data : table.HasRowLineage ? Listed.Vectors : Listed.Deletes;
        if (!partitions.TryGetValue((manifest.PartitionSpecId, listed), out var tuples)) return false;
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
