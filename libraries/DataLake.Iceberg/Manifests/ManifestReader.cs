using System.Globalization;
using System.Runtime.CompilerServices;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Manifests;

/// <summary>What to read of a manifest.</summary>
public sealed record ManifestReaderOptions
{
    /// <summary>Everything, within the usual limits.</summary>
    public static ManifestReaderOptions Default { get; } = new();

    /// <summary>Whether sizes, counts and bounds by column are wanted. Without them an entry takes a fraction of the memory.</summary>
    public bool WithMetrics { get; init; } = true;

    /// <summary>How much memory a file may ask for.</summary>
    public IcebergReadLimits Limits { get; init; } = IcebergReadLimits.Default;
}

/// <summary>
/// Reads a manifest of version 1 to 3, entry by entry in bounded memory, and fills in what entries inherit from the manifest list
/// (<see href="https://iceberg.apache.org/spec/#sequence-number-inheritance">Sequence Number Inheritance</see>,
/// <see href="https://iceberg.apache.org/spec/#first-row-id-inheritance">First Row ID Inheritance</see>). The stream stays open.
/// </summary>
public sealed class ManifestReader : IDisposable
{
    private readonly AvroFileReader file;
    private readonly ManifestFile? manifest;
    private readonly AvroStep[] steps;
    private readonly DataFileDecoder dataFiles;
    private long? nextRowId;
    private bool isRead;

    private ManifestReader(AvroFileReader file, ManifestFile? manifest, ManifestReaderOptions options)
    {
        (this.file, this.manifest, nextRowId) = (file, manifest, manifest?.FirstRowId);
        FormatVersion = Number("format-version") ?? 1;
        if (FormatVersion is < 1 or > TableMetadata.HighestFormatVersion)
            throw IcebergException.Unsupported($"The manifest '{manifest?.ManifestPath}' is of format version {FormatVersion}, and this library reads 1 to {TableMetadata.HighestFormatVersion}; use a later release, or a reader for that version.");
        Content = file.Text("content") switch
        {
            null => manifest?.Content ?? ManifestContent.Data,
            "data" => ManifestContent.Data,
            "deletes" => ManifestContent.Deletes,
            var other => throw IcebergException.Corrupt($"The manifest '{manifest?.ManifestPath}' says it lists '{other}', which is neither data nor deletes; it must be written again."),
        };
        var fields = file.Metadata.TryGetValue("partition-spec", out var json) ? PartitionSpecJson.ParseFields(json) : [];
        PartitionSpec = new PartitionSpec(manifest?.PartitionSpecId ?? Number("partition-spec-id") ?? 0, fields);
        if (fields.Select(field => field.FieldId).Distinct().Count() < fields.Count || fields.Select(field => field.Name).Distinct().Count() < fields.Count)
            throw IcebergException.Corrupt($"The partition spec of the manifest '{manifest?.ManifestPath}' has an id or a name twice; it must be written again.");
        steps = AvroRecordPlan.Of(file.Schema, FieldIds.ManifestEntryNames);
        AvroRecordPlan.Require(steps, "manifest", FieldIds.Status, FieldIds.DataFile);
        foreach (var step in steps)
            if (step.Id is FieldIds.Status or FieldIds.SnapshotId or FieldIds.SequenceNumber or FieldIds.FileSequenceNumber) step.RequireKind(AvroKind.Int, AvroKind.Long);
        dataFiles = new DataFileDecoder(steps.Single(step => step.Id == FieldIds.DataFile).Value, PartitionSpec, options.WithMetrics);
    }

    /// <summary>The format version by which it was written.</summary>
    public int FormatVersion { get; }

    /// <summary>What it lists.</summary>
    public ManifestContent Content { get; }

    /// <summary>The partition spec by which its files were written.</summary>
    public PartitionSpec PartitionSpec { get; }

    /// <summary>Opens a manifest.</summary>
    /// <param name="stream">The bytes, from where it stands.</param>
    /// <param name="manifest">What the manifest list says of it. Null only for a version 1 snapshot without a manifest list: there is nothing to inherit then.</param>
    /// <param name="options">What to read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IcebergException">It is no manifest, damaged, or of a later version.</exception>
    public static async Task<ManifestReader> OpenAsync(Stream stream, ManifestFile? manifest, ManifestReaderOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        options ??= ManifestReaderOptions.Default;
        var file = await AvroFileReader.OpenAsync(stream, options.Limits, cancellationToken);
        try
        {
            return new ManifestReader(file, manifest, options);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The table schema when the manifest was written, or null when the writer stored none.</summary>
    /// <exception cref="IcebergException">It is not valid.</exception>
    public Schema? ReadSchema() => file.Metadata.TryGetValue("schema", out var json) ? SchemaJson.Parse(json) : null;

    /// <summary>Reads the entries, deleted ones included; once.</summary>
    /// <exception cref="IcebergException">The manifest is damaged, or read a second time.</exception>
    public async IAsyncEnumerable<ManifestEntry> ReadEntriesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (isRead) throw new IcebergException(IcebergErrorKind.InvalidState, "The entries of this manifest have been read; open it again.");
        isRead = true;
        while (await file.ReadBlockAsync(cancellationToken))
        {
            var position = 0;
            for (var i = 0; i < file.RecordCount; i++) yield return Read(ref position);
            if (position != file.Block.Length)
                throw IcebergException.Corrupt($"The manifest '{manifest?.ManifestPath}' has bytes after the last entry of a block; it is damaged and must be restored.");
        }
    }

    /// <summary>Gives the buffers back.</summary>
    public void Dispose() => file.Dispose();

    private int? Number(string key) => file.Text(key) is not { } text ? null : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw IcebergException.Corrupt($"The manifest '{manifest?.ManifestPath}' has '{text}' as its {key}; it must be written again.");

    private ManifestEntry Read(ref int position)
    {
        var decoder = new AvroDecoder(file.Block.Span[position..]);
        long? status = null, snapshotId = null, sequenceNumber = null, fileSequenceNumber = null;
        DataFile? dataFile = null;
        foreach (ref readonly var step in steps.AsSpan())
        {
            if (!decoder.ReadPresence(step.NullBranch)) continue;
            switch (step.Id)
            {
                case FieldIds.Status: status = decoder.ReadInt64(); break;
                case FieldIds.SnapshotId: snapshotId = decoder.ReadInt64(); break;
                case FieldIds.SequenceNumber: sequenceNumber = decoder.ReadInt64(); break;
                case FieldIds.FileSequenceNumber: fileSequenceNumber = decoder.ReadInt64(); break;
                case FieldIds.DataFile: dataFile = dataFiles.Read(ref decoder); break;
                default: decoder.Skip(step.Value); break;
            }
        }

        position += decoder.Position;
        if (dataFile is null || status is not (0 or 1 or 2))
            throw IcebergException.Corrupt($"The manifest '{manifest?.ManifestPath}' has an entry of status {status} without a file or a known status; it must be written again.");
        if (dataFile.Content == DataFileContent.Data != (Content == ManifestContent.Data))
            throw IcebergException.Corrupt($"The manifest '{manifest?.ManifestPath}' lists {Content} and has '{dataFile.FilePath}', which holds {dataFile.Content}; it must be written again.");
        return Inherit(new ManifestEntry
        {
            Status = (ManifestEntryStatus)status, SnapshotId = snapshotId, SequenceNumber = sequenceNumber, FileSequenceNumber = fileSequenceNumber, DataFile = InheritRowId(dataFile, (ManifestEntryStatus)status),
        });
    }

    /// <summary>Live data files without a first row id have ids one after another from the manifest's on. Files that left have none to take, as the manifest list did not count their rows.</summary>
    private DataFile InheritRowId(DataFile file, ManifestEntryStatus status)
    {
        if (nextRowId is not { } first || file.FirstRowId is not null || Content != ManifestContent.Data || status == ManifestEntryStatus.Deleted) return file;
        if (first > long.MaxValue - file.RecordCount)
            throw IcebergException.Corrupt($"The rows of '{file.FilePath}' in '{manifest?.ManifestPath}' would have ids above {long.MaxValue}; the manifest list must be written again.");
        nextRowId = first + file.RecordCount;
        return file with { FirstRowId = first };
    }

    private ManifestEntry Inherit(ManifestEntry entry)
    {
        var snapshotId = entry.SnapshotId ?? manifest?.AddedSnapshotId;
        if (snapshotId is null)
            throw IcebergException.Corrupt($"The entry of '{entry.DataFile.FilePath}' inherits its snapshot id; open the manifest with what its manifest list says of it.");

        // A version 1 manifest has no sequence numbers: its files are older than all deletes.
        if (FormatVersion == 1) return entry with { SnapshotId = snapshotId, SequenceNumber = 0, FileSequenceNumber = 0 };
        if (entry.SequenceNumber is not null && entry.FileSequenceNumber is not null) return entry.SnapshotId is null ? entry with { SnapshotId = snapshotId } : entry;

        // Version 1 manifests that a version 2 manifest list took over stand there with the number 0, which any entry may inherit.
        if (entry.Status != ManifestEntryStatus.Added && manifest?.SequenceNumber is not 0)
            throw IcebergException.Corrupt($"The entry of '{entry.DataFile.FilePath}' in '{manifest?.ManifestPath}' has the status {entry.Status} and no sequence number, and only added files inherit one; the manifest must be written again.");

        // Without an assigned number the manifest is being written by a commit that has not happened: the numbers stay open.
        return entry with { SnapshotId = snapshotId, SequenceNumber = entry.SequenceNumber ?? manifest?.SequenceNumber, FileSequenceNumber = entry.FileSequenceNumber ?? manifest?.SequenceNumber };
    }
}
