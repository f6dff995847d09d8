using System.Runtime.CompilerServices;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Planning;

/// <summary>Reads the manifests of snapshots, and what they list.</summary>
public sealed class SnapshotReader(TableFiles files)
{
    /// <summary>The manifests of a snapshot; none of none. Of a version 1 snapshot without a manifest list they are uncounted.</summary>
    public async Task<IReadOnlyList<ManifestFile>> ManifestsAsync(Snapshot? snapshot, CancellationToken cancellation)
    {
        if (snapshot is null) return [];
        if (snapshot.KeyId is not null) throw Encrypted($"manifest list of the snapshot {snapshot.SnapshotId}");
        var manifests = new List<ManifestFile>();
        if (snapshot.ManifestList is { } location)
        {
            await using var stream = files.OpenRead(location);
            await foreach (var manifest in ManifestListReader.ReadAsync(stream, null, cancellation)) manifests.Add(manifest);
            return manifests;
        }

        foreach (var path in snapshot.Manifests)
        {
            await using var stream = files.OpenRead(path);
            using var reader = await ManifestReader.OpenAsync(stream, null, null, cancellation);
            manifests.Add(new ManifestFile
            {
                ManifestPath = path, ManifestLength = stream.Length, PartitionSpecId = reader.PartitionSpec.SpecId, SequenceNumber = 0, MinSequenceNumber = 0, AddedSnapshotId = snapshot.SnapshotId,
            });
        }

        return manifests;
    }

    /// <summary>What a manifest lists, deleted files included, in bounded memory.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <param name="withMetrics">Whether sizes, counts and bounds are wanted.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public async IAsyncEnumerable<ManifestEntry> EntriesAsync(ManifestFile manifest, bool withMetrics, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        if (manifest.KeyMetadata is not null) throw Encrypted($"manifest '{manifest.ManifestPath}'");
        await using var stream = files.OpenRead(manifest.ManifestPath);
        using var reader = await ManifestReader.OpenAsync(stream, manifest, new ManifestReaderOptions { WithMetrics = withMetrics }, cancellation);
        await foreach (var entry in reader.ReadEntriesAsync(cancellation)) yield return entry;
    }

    private static IcebergException Encrypted(string what) => IcebergException.Unsupported($"The {what} is encrypted, and nothing is decrypted here; use an engine that has the table's keys.");
}
