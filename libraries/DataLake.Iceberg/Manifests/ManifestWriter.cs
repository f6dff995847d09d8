using System.Globalization;
using System.Text;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Manifests;

/// <summary>
/// Writes one manifest of format version 2 or 3, entry by entry in bounded memory. Without <see cref="CompleteAsync"/> the output is not a manifest. One thread at a time; the
/// stream stays open.
/// </summary>
public sealed class ManifestWriter : IAsyncDisposable
{
    private readonly AvroFileWriter file;
    private readonly DataFileEncoder encoder;
    private readonly StructType partitionType;
    private readonly PartitionSummaries summaries;
    private readonly PartitionSpec spec;
    private readonly ManifestContent content;
    private readonly long snapshotId;
    private readonly int formatVersion;
    private readonly int[] files = new int[3];
    private readonly long[] rows = new long[3];
    private long? minSequenceNumber;
    private bool isOpen = true;

    /// <summary>Starts a manifest.</summary>
    /// <param name="output">Where it goes.</param>
    /// <param name="schema">The table's schema now.</param>
    /// <param name="spec">The partition spec of all its files.</param>
    /// <param name="content">What it lists.</param>
    /// <param name="snapshotId">The snapshot that adds it.</param>
    /// <param name="formatVersion">The table's format version.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: files must not be written by this spec.</exception>
    public ManifestWriter(Stream output, Schema schema, PartitionSpec spec, ManifestContent content, long snapshotId, int formatVersion = TableMetadata.DefaultFormatVersion)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(spec);
        if (!spec.IsWritable)
            throw IcebergException.Invalid($"The partition spec {spec.SpecId} has a transform that is not known here, so no file may be written by it; set another default spec.");
        if (spec.Fields.Any(field => field.FieldId == PartitionField.Unassigned))
            throw IcebergException.Invalid($"The partition spec {spec.SpecId} has a field without an id; add the spec to the table and take it from there.");
        (this.spec, this.content, this.snapshotId, this.formatVersion) = (spec, content, snapshotId, formatVersion);
        partitionType = spec.PartitionType(schema);
        summaries = new PartitionSummaries(spec.Fields.Count);
        file = new AvroFileWriter(output, IcebergToAvro.Record(ManifestSchemas.ManifestEntry(partitionType, formatVersion), "manifest_entry"),
        [
            new("schema", SchemaJson.ToUtf8(schema)),
            new("schema-id", Number(schema.SchemaId)),
            new("partition-spec", JsonText.Write(writer => PartitionSpecJson.WriteFields(writer, spec))),
            new("partition-spec-id", Number(spec.SpecId)),
            new("format-version", Number(formatVersion)),
            new("content", content == ManifestContent.Data ? "data"u8.ToArray() : "deletes"u8.ToArray()),
        ], deflate: true);
        encoder = new DataFileEncoder(file.Encoder, partitionType, formatVersion);
    }

    /// <summary>Entries so far.</summary>
    public int EntryCount => files.Sum();

    /// <summary>Bytes that have gone to the output so far; what is not yet a full block is missing.</summary>
    public long BytesWritten => file.BytesWritten;

    /// <summary>Writes an entry.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the entry does not belong here, or lacks what its status asks for; the manifest
    /// can go on without it.</exception>
    public ValueTask WriteAsync(ManifestEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!isOpen) throw Closed();
        if (Fault(entry) is { } fault) throw IcebergException.Invalid($"The manifest entry of '{entry.DataFile.FilePath}' {fault}.");
        var start = file.Encoder.Length;
        try
        {
            Encode(entry);
        }
        catch
        {
            file.Encoder.CutTo(start);
            throw;
        }

        Count(entry);
        isOpen = false;
        var written = file.EndRecordAsync(cancellationToken);
        if (!written.IsCompletedSuccessfully) return FinishAsync(written);
        isOpen = true;
        return ValueTask.CompletedTask;
    }

    /// <summary>Writes what is left, and says what the manifest list must know of the manifest. Its sequence number is not assigned yet.</summary>
    /// <param name="manifestPath">Where the manifest will be found.</param>
    /// <param name="cancellationToken">Ends the writing; the manifest cannot be completed then.</param>
    public async Task<ManifestFile> CompleteAsync(string manifestPath, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(manifestPath);
        if (!isOpen) throw Closed();
        isOpen = false;
        await file.CompleteAsync(cancellationToken);
        return new ManifestFile
        {
            ManifestPath = manifestPath,
            ManifestLength = file.BytesWritten,
            PartitionSpecId = spec.SpecId,
            Content = content,
            MinSequenceNumber = minSequenceNumber,
            AddedSnapshotId = snapshotId,
            AddedFilesCount = files[(int)ManifestEntryStatus.Added],
            ExistingFilesCount = files[(int)ManifestEntryStatus.Existing],
            DeletedFilesCount = files[(int)ManifestEntryStatus.Deleted],
            AddedRowsCount = rows[(int)ManifestEntryStatus.Added],
            ExistingRowsCount = rows[(int)ManifestEntryStatus.Existing],
            DeletedRowsCount = rows[(int)ManifestEntryStatus.Deleted],
            Partitions = summaries.ToList(),
        };
    }

    /// <summary>Gives the buffers back.</summary>
    public ValueTask DisposeAsync()
    {
        isOpen = false;
        file.Dispose();
        return ValueTask.CompletedTask;
    }

    private static byte[] Number(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));

    private static IcebergException Closed() => new(IcebergErrorKind.InvalidState, "This manifest is complete, or a write of it failed; start a new one.");

    private async ValueTask FinishAsync(ValueTask written)
    {
        await written;
        isOpen = true;
    }

    private void Encode(ManifestEntry entry)
    {
        var output = file.Encoder;
        output.WriteInt64((int)entry.Status);
        if (output.WritePresence(entry.SnapshotId is not null)) output.WriteInt64(entry.SnapshotId!.Value);
        if (output.WritePresence(entry.SequenceNumber is not null)) output.WriteInt64(entry.SequenceNumber!.Value);
        if (output.WritePresence(entry.FileSequenceNumber is not null)) output.WriteInt64(entry.FileSequenceNumber!.Value);
        encoder.Write(entry.DataFile);
    }

    private void Count(ManifestEntry entry)
    {
        files[(int)entry.Status]++;
        rows[(int)entry.Status] += entry.DataFile.RecordCount;
        if (entry.IsLive && entry.SequenceNumber is { } number && !(number > minSequenceNumber)) minSequenceNumber = number;
        summaries.Add(entry.DataFile.Partition);
    }

    private string? Fault(ManifestEntry entry)
    {
        var added = entry.DataFile;
        if (string.IsNullOrEmpty(added.FilePath)) return "has no file path; give the full location";
        if (added.Content == DataFileContent.Data != (content == ManifestContent.Data))
            return $"holds {added.Content} and cannot stand in a manifest of {content}; write it to one of the other kind";
        if (added.RecordCount < 0 || added.FileSizeInBytes < 0) return "has a negative record count or size; give those of the file";
        if (added.Content == DataFileContent.EqualityDeletes != added.EqualityIds is { Count: > 0 }) return "must have equality ids if, and only if, it is an equality delete file";
        if (added.PartitionSpecId != spec.SpecId)
            return $"is partitioned by the spec {added.PartitionSpecId} and this manifest is of the spec {spec.SpecId}; write it to one of its own spec";
        if (added.Partition.Count != partitionType.Fields.Count)
            return $"has {added.Partition.Count} partition values where the spec {spec.SpecId} has {partitionType.Fields.Count} fields; apply that spec";
        if (entry.Status == ManifestEntryStatus.Added && entry.FileSequenceNumber is not null)
            return "is added and has a file sequence number, which only its commit assigns; leave it out";
        if (entry.Status != ManifestEntryStatus.Added && (entry.SnapshotId is null || entry.SequenceNumber is null || entry.FileSequenceNumber is null))
            return $"has the status {entry.Status} and needs its snapshot id and both sequence numbers; take them from the manifest it came from";
        if (VersionFault(entry) is { } versionFault) return versionFault;
        for (var i = 0; i < added.Partition.Count; i++)
            if (PartitionFault(i, added.Partition[i]) is { } fault) return fault;
        return null;
    }

    /// <summary>What of row ids and deletion vectors the format version does not have, or asks for.</summary>
    private string? VersionFault(ManifestEntry entry)
    {
        var file = entry.DataFile;
        var isVector = file.IsDeletionVector;
        if (file.FileFormat == FileFormat.Puffin != isVector) return "is a Puffin file and holds no position deletes; only deletion vectors are kept in such files";
        if (isVector && formatVersion < 3) return $"is a deletion vector, which version {formatVersion} does not have; write a position delete file, or upgrade the table to version 3";
        if (isVector && (file.ReferencedDataFile is null || file.ContentOffset is null || file.ContentSizeInBytes is null)) return "is a deletion vector and lacks its data file, offset or size; give all three";
        if (!isVector && (file.ContentOffset ?? file.ContentSizeInBytes) is not null) return "has a content offset or size, which only deletion vectors have; leave it out";
        if (formatVersion >= 3 && !isVector && file.Content == DataFileContent.PositionDeletes && entry.Status == ManifestEntryStatus.Added)
            return "is a new position delete file, which version 3 does not allow; write deletion vectors";
        if (file.FirstRowId is not null && (formatVersion < 3 || file.Content != DataFileContent.Data || entry.Status == ManifestEntryStatus.Added))
            return "has a first row id, which data files of version 3 have once they are part of the table; leave it out";
        return null;
    }

    private string? PartitionFault(int i, IcebergValue value)
    {
        var (type, name) = ((PrimitiveType)partitionType.Fields[i].Type, partitionType.Fields[i].Name);
        if (value.IsNull) return null;
        if (value.Type != type.Id) return $"has a {value.Type} as the partition value of '{name}', which is {type}; apply the spec to the row";
        if (type.Id == TypeId.Fixed && value.AsBytes().Length != type.Length) return $"has {value.AsBytes().Length} bytes as the partition value of '{name}', which is {type}";
        return type.Id == TypeId.Decimal && !Fits(value.AsUnscaled(), type.DecimalBytes) ? $"has a partition value of '{name}' with more digits than {type}" : null;
    }

    private static bool Fits(Int128 unscaled, int length)
    {
        Span<byte> bytes = stackalloc byte[DecimalBytes.MaxLength];
        return DecimalBytes.WriteShortest(unscaled, bytes) <= length;
    }
}
