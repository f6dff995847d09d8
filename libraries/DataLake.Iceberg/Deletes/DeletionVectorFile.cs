using System.Buffers.Binary;
using System.Globalization;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Manifests;

namespace DataLake.Iceberg.Deletes;

/// <summary>
/// Deletion vectors: the deleted rows of a data file as a bitmap (<see href="https://iceberg.apache.org/spec/#deletion-vectors">Deletion Vectors</see>), several of them in one Puffin file
/// (<see href="https://iceberg.apache.org/puffin-spec/#deletion-vector-v1-blob-type">deletion-vector-v1</see>). What position deletes are from version 3 on.
/// </summary>
public static class DeletionVectorFile
{
    private const string BlobType = "deletion-vector-v1";

    // The reserved field of a row's position, which the vectors are made of.
    private const int PositionField = 2147483645;

    // Length and magic before the bitmap, the checksum behind it.
    private const int LengthBytes = 4, MagicBytes = 4, ChecksumBytes = 4;

    private static readonly byte[] PuffinMagic = "PFA1"u8.ToArray();
    private static readonly byte[] VectorMagic = [0xD1, 0xD3, 0x39, 0x64];

    /// <summary>Writes a Puffin file. In memory is one container of a bitmap, and a few hundred bytes a vector.</summary>
    /// <param name="output">Where to; it stays open.</param>
    /// <param name="location">Its full location.</param>
    /// <param name="deletes">All deleted positions of each data file, those that were deleted before included; each file once.</param>
    /// <param name="cancellation">Stops the call; what was written is no file then.</param>
    /// <returns>The vectors, each in the partition of its data file.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: nothing is deleted, or a data file is named twice.</exception>
    public static async Task<IReadOnlyList<DataFile>> WriteAsync(
        Stream output, string location, IEnumerable<KeyValuePair<DataFile, PositionSet>> deletes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(deletes);
        var files = deletes.Where(file => file.Value.Count > 0).OrderBy(file => file.Key.FilePath, StringComparer.Ordinal).ToList();
        if (files.Count == 0) throw IcebergException.Invalid("A file of deletion vectors needs at least one position; commit without it where nothing is deleted.");
        var vectors = new List<DataFile>(files.Count);
        var length = (long)PuffinMagic.Length;
        await output.WriteAsync(PuffinMagic, cancellation);
        foreach (var (file, positions) in files)
        {
            if (vectors.Count > 0 && vectors[^1].ReferencedDataFile == file.FilePath) throw IcebergException.Invalid($"The data file '{file.FilePath}' has two deletion vectors; merge their positions.");
            var size = await WriteVectorAsync(output, positions, cancellation);
            vectors.Add(new DataFile
            {
                Content = DataFileContent.PositionDeletes,
                FilePath = location,
                FileFormat = FileFormat.Puffin,
                Partition = file.Partition,
                PartitionSpecId = file.PartitionSpecId,
                RecordCount = positions.Count,
                FileSizeInBytes = 0,
                ReferencedDataFile = file.FilePath,
                ContentOffset = length,
                ContentSizeInBytes = size,
            });
            length += size;
        }

        var footer = Footer(vectors);
        await output.WriteAsync(footer, cancellation);
        return vectors.ConvertAll(vector => vector with { FileSizeInBytes = length + footer.Length });
    }

    /// <summary>Adds to the target of a deletion vector what it deletes.</summary>
    /// <param name="open">Opens files.</param>
    /// <param name="vector">The vector, as a manifest lists it.</param>
    /// <param name="targets">Sets to add to, by the location of their data file; nothing is read where the vector's is not there.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: it is damaged, or is not what its manifest says. <see cref="IcebergErrorKind.LimitExceeded"/>: it is longer than a file may be that
    /// is read at once. <see cref="IcebergErrorKind.Unsupported"/>: it is encrypted.</exception>
    public static async Task ReadAsync(OpenFile open, DataFile vector, IReadOnlyDictionary<string, PositionSet> targets, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(vector);
        ArgumentNullException.ThrowIfNull(targets);
        if (vector is not { IsDeletionVector: true, ReferencedDataFile: { } target, ContentOffset: { } offset, ContentSizeInBytes: { } size })
            throw IcebergException.Corrupt($"'{vector.FilePath}' is no deletion vector with its data file, offset and size; the manifest must be written again.");
        if (!targets.TryGetValue(target, out var positions)) return;
        if (vector.KeyMetadata is not null) throw IcebergException.Unsupported($"The deletion vector in '{vector.FilePath}' is encrypted, and nothing is decrypted here; use an engine that has the table's keys.");
        var most = IcebergReadLimits.Default.MaxBlockBytes;
        if (size > most) throw new IcebergException(IcebergErrorKind.LimitExceeded, $"The deletion vector at {offset} in '{vector.FilePath}' has {size} bytes, and {most} are read at most; compact its data file by an engine that reads more.");
        byte[] bytes;
        await using (var stream = await open(vector.FilePath, cancellation))
        {
            if (offset > stream.Length - size || size < LengthBytes + MagicBytes + ChecksumBytes)
                throw Corrupt(vector, $"has {size} bytes at {offset}, and its file {stream.Length}");
            stream.Position = offset;
            bytes = new byte[size];
            await stream.ReadExactlyAsync(bytes, cancellation);
        }

        var cardinality = RoaringPositions.Read(Bitmap(vector, bytes), positions);
        if (cardinality != vector.RecordCount) throw Corrupt(vector, $"has {cardinality} positions, and {vector.RecordCount} by its manifest");
    }

    private static ReadOnlySpan<byte> Bitmap(DataFile vector, ReadOnlySpan<byte> bytes)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        var body = bytes[LengthBytes..^ChecksumBytes];
        if (length != body.Length) throw Corrupt(vector, $"says that it has {length} bytes, and has {body.Length}");
        if (!body.StartsWith(VectorMagic)) throw Corrupt(vector, "does not begin as deletion vectors do");
        var crc = default(Crc32);
        crc.Append(body);
        return crc.Value == BinaryPrimitives.ReadUInt32BigEndian(bytes[^ChecksumBytes..]) ? body[MagicBytes..] : throw Corrupt(vector, "has another checksum than its bytes");
    }

    private static async Task<long> WriteVectorAsync(Stream output, PositionSet positions, CancellationToken cancellation)
    {
        var length = MagicBytes + RoaringPositions.SizeOf(positions);
        if (length > int.MaxValue - LengthBytes - ChecksumBytes) throw IcebergException.Invalid($"A deletion vector of {positions.Count} positions needs {length} bytes, and has room for {int.MaxValue}; compact its data file.");
        var word = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, (int)length);
        await output.WriteAsync(word, cancellation);
        var crc = default(Crc32);
        crc.Append(VectorMagic);
        await output.WriteAsync(VectorMagic, cancellation);
        foreach (var piece in RoaringPositions.PiecesOf(positions))
        {
            crc.Append(piece.Span);
            await output.WriteAsync(piece, cancellation);
        }

        BinaryPrimitives.WriteUInt32BigEndian(word, crc.Value);
        await output.WriteAsync(word, cancellation);
        return LengthBytes + length + ChecksumBytes;
    }

    /// <summary>What stands behind the blobs (<see href="https://iceberg.apache.org/puffin-spec/#footer-structure">Footer structure</see>).</summary>
    private static byte[] Footer(List<DataFile> vectors)
    {
        var payload = JsonText.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("blobs");
            foreach (var vector in vectors)
            {
                writer.WriteStartObject();
                writer.WriteString("type", BlobType);
                writer.WriteNumbers("fields", [PositionField]);

                // Not known before the commit.
                writer.WriteNumber("snapshot-id", -1);
                writer.WriteNumber("sequence-number", -1);
                writer.WriteNumber("offset", vector.ContentOffset!.Value);
                writer.WriteNumber("length", vector.ContentSizeInBytes!.Value);
                writer.WriteStartObject("properties");
                writer.WriteString("referenced-data-file", vector.ReferencedDataFile);
                writer.WriteString("cardinality", vector.RecordCount.ToString(CultureInfo.InvariantCulture));
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteStartObject("properties");
            writer.WriteString("created-by", "DataLake");
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
        var footer = new byte[PuffinMagic.Length + payload.Length + 8 + PuffinMagic.Length];
        PuffinMagic.CopyTo(footer, 0);
        payload.CopyTo(footer, PuffinMagic.Length);
        BinaryPrimitives.WriteInt32LittleEndian(footer.AsSpan(PuffinMagic.Length + payload.Length), payload.Length);
        PuffinMagic.CopyTo(footer, footer.Length - PuffinMagic.Length);
        return footer;
    }

    private static IcebergException Corrupt(DataFile vector, string what) =>
        IcebergException.Corrupt($"The deletion vector at {vector.ContentOffset} in '{vector.FilePath}' {what}; restore the file, or roll back to a snapshot without it.");
}
