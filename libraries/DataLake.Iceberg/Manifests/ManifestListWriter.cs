using System.Globalization;
using System.Text;
using DataLake.Iceberg.Avro;

namespace DataLake.Iceberg.Manifests;

/// <summary>Writes manifest lists of format version 2 (<see href="https://iceberg.apache.org/spec/#manifest-lists">Manifest Lists</see>).</summary>
public static class ManifestListWriter
{
    private static readonly AvroSchema Schema = IcebergToAvro.Record(ManifestSchemas.ManifestFile, "manifest_file");

    /// <summary>Writes the manifest list of a snapshot. Manifests that this snapshot adds get its sequence number; the stream stays open.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="manifests">The manifests; those without a sequence number are new.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="parentSnapshotId">Its parent, or null.</param>
    /// <param name="sequenceNumber">The snapshot's sequence number.</param>
    /// <param name="cancellationToken">Ends the writing; the output is no manifest list then.</param>
    /// <returns>The manifests as they were written.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a manifest without a sequence number comes from another snapshot, or one's number is
    /// above the snapshot's.</exception>
    public static async Task<IReadOnlyList<ManifestFile>> WriteAsync(
        Stream output, IEnumerable<ManifestFile> manifests, long snapshotId, long? parentSnapshotId, long sequenceNumber, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(manifests);
        List<KeyValuePair<string, byte[]>> metadata = [new("snapshot-id", Number(snapshotId)), new("sequence-number", Number(sequenceNumber)), new("format-version", Number(2))];
        if (parentSnapshotId is { } parent) metadata.Insert(1, new("parent-snapshot-id", Number(parent)));
        using var file = new AvroFileWriter(output, Schema, metadata, deflate: true);
        List<ManifestFile> written = [];
        foreach (var manifest in manifests)
        {
            var assigned = Assign(manifest, snapshotId, sequenceNumber);
            Encode(file.Encoder, assigned);
            written.Add(assigned);
            await file.EndRecordAsync(cancellationToken);
        }

        await file.CompleteAsync(cancellationToken);
        return written;
    }

    private static ManifestFile Assign(ManifestFile manifest, long snapshotId, long sequenceNumber)
    {
        if (manifest.SequenceNumber is null && manifest.AddedSnapshotId != snapshotId)
            throw IcebergException.Invalid($"The manifest '{manifest.ManifestPath}' has no sequence number and was added by snapshot {manifest.AddedSnapshotId}, not {snapshotId}; take it from that snapshot's manifest list.");
        if (manifest.SequenceNumber > sequenceNumber || manifest.MinSequenceNumber > sequenceNumber)
            throw IcebergException.Invalid($"The manifest '{manifest.ManifestPath}' has a sequence number above that of the snapshot ({sequenceNumber}); load the table again and use the next number.");
        return manifest with { SequenceNumber = manifest.SequenceNumber ?? sequenceNumber, MinSequenceNumber = manifest.MinSequenceNumber ?? manifest.SequenceNumber ?? sequenceNumber };
    }

    /// <summary>Encodes in the order of <see cref="ManifestSchemas.ManifestFile"/>.</summary>
    private static void Encode(AvroEncoder output, ManifestFile manifest)
    {
        output.WriteString(manifest.ManifestPath);
        output.WriteInt64(manifest.ManifestLength);
        output.WriteInt64(manifest.PartitionSpecId);
        output.WriteInt64((int)manifest.Content);
        output.WriteInt64(manifest.SequenceNumber!.Value);
        output.WriteInt64(manifest.MinSequenceNumber!.Value);
        output.WriteInt64(manifest.AddedSnapshotId);
        output.WriteInt64(Counted(manifest, manifest.AddedFilesCount));
        output.WriteInt64(Counted(manifest, manifest.ExistingFilesCount));
        output.WriteInt64(Counted(manifest, manifest.DeletedFilesCount));
        output.WriteInt64(Counted(manifest, manifest.AddedRowsCount));
        output.WriteInt64(Counted(manifest, manifest.ExistingRowsCount));
        output.WriteInt64(Counted(manifest, manifest.DeletedRowsCount));
        if (output.WritePresence(manifest.Partitions is not null)) WriteSummaries(output, manifest.Partitions!);
        if (output.WritePresence(manifest.KeyMetadata is not null)) output.WriteBytes(manifest.KeyMetadata!.Value.Span);
    }

    private static long Counted(ManifestFile manifest, long? count) => count
        ?? throw IcebergException.Invalid($"The version 1 manifest '{manifest.ManifestPath}' was never counted, which version 2 asks for; count its entries, or rewrite it.");

    private static void WriteSummaries(AvroEncoder output, IReadOnlyList<FieldSummary> summaries)
    {
        if (summaries.Count > 0) output.WriteInt64(summaries.Count);
        foreach (var summary in summaries)
        {
            output.WriteBoolean(summary.ContainsNull);
            if (output.WritePresence(summary.ContainsNan is not null)) output.WriteBoolean(summary.ContainsNan!.Value);
            if (output.WritePresence(summary.LowerBound is not null)) output.WriteBytes(summary.LowerBound!.Value.Span);
            if (output.WritePresence(summary.UpperBound is not null)) output.WriteBytes(summary.UpperBound!.Value.Span);
        }

        output.WriteInt64(0);
    }

    private static byte[] Number(long number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
