using System.Globalization;
using System.Text;
using DataLake.Iceberg.Avro;

namespace DataLake.Iceberg.Manifests;

/// <summary>Writes manifest lists of format version 2 and 3 (<see href="https://iceberg.apache.org/spec/#manifest-lists">Manifest Lists</see>).</summary>
public static class ManifestListWriter
{
    private static readonly AvroSchema Version2 = IcebergToAvro.Record(ManifestSchemas.ManifestFile(2), "manifest_file");
    private static readonly AvroSchema Version3 = IcebergToAvro.Record(ManifestSchemas.ManifestFile(3), "manifest_file");

    /// <summary>Writes the manifest list of a snapshot. Manifests that this snapshot adds get its sequence number, and data manifests without row ids get some; the stream stays open.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="manifests">The manifests; those without a sequence number are new.</param>
    /// <param name="snapshotId">The snapshot.</param>
    /// <param name="parentSnapshotId">Its parent, or null.</param>
    /// <param name="sequenceNumber">The snapshot's sequence number.</param>
    /// <param name="firstRowId">The table's next row id, from which on manifests get theirs; null makes a list of version 2.</param>
    /// <param name="cancellationToken">Ends the writing; the output is no manifest list then.</param>
    /// <returns>The manifests as they were written, and how many row ids they took.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a manifest without a sequence number comes from another snapshot, or one's number is
    /// above the snapshot's.</exception>
    public static async Task<(IReadOnlyList<ManifestFile> Manifests, long AssignedRows)> WriteAsync(
        Stream output, IEnumerable<ManifestFile> manifests, long snapshotId, long? parentSnapshotId, long sequenceNumber, long? firstRowId, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(manifests);
        List<KeyValuePair<string, byte[]>> metadata = [new("snapshot-id", Number(snapshotId)), new("sequence-number", Number(sequenceNumber)), new("format-version", Number(firstRowId is null ? 2 : 3))];
        if (parentSnapshotId is { } parent) metadata.Insert(1, new("parent-snapshot-id", Number(parent)));
        if (firstRowId is { } first) metadata.Add(new("first-row-id", Number(first)));
        using var file = new AvroFileWriter(output, firstRowId is null ? Version2 : Version3, metadata, deflate: true);
        var nextRowId = firstRowId;
        List<ManifestFile> written = [];
        foreach (var manifest in manifests)
        {
            var assigned = AssignRowIds(Assign(manifest, snapshotId, sequenceNumber), ref nextRowId);
            Encode(file.Encoder, assigned);
            if (firstRowId is not null && file.Encoder.WritePresence(assigned.FirstRowId is not null)) file.Encoder.WriteInt64(assigned.FirstRowId!.Value);
            written.Add(assigned);
            await file.EndRecordAsync(cancellationToken);
        }

        await file.CompleteAsync(cancellationToken);
        return (written, nextRowId - firstRowId ?? 0);
    }

    /// <summary>
    /// Gives a data manifest without row ids the next ones, as many as its live files have rows: those of them that have ids already are counted too, which costs a few ids and spares reading it
    /// (<see href="https://iceberg.apache.org/spec/#first-row-id-assignment">First Row ID Assignment</see>).
    /// </summary>
    private static ManifestFile AssignRowIds(ManifestFile manifest, ref long? nextRowId)
    {
        if (nextRowId is not { } first || manifest.Content != ManifestContent.Data || manifest.FirstRowId is not null) return manifest;
        if ((Int128)first + Counted(manifest, manifest.AddedRowsCount) + Counted(manifest, manifest.ExistingRowsCount) is var next && next > long.MaxValue)
            throw IcebergException.Invalid($"The rows of the manifest '{manifest.ManifestPath}' would have ids above {long.MaxValue}; a table has no more.");
        nextRowId = (long)next;
        return manifest with { FirstRowId = first };
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
