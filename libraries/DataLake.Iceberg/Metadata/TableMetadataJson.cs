using System.IO.Compression;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Metadata;

/// <summary>Table metadata files (<see href="https://iceberg.apache.org/spec/#table-metadata-and-snapshots">Appendix C, Table Metadata and Snapshots</see>).</summary>
public static class TableMetadataJson
{
    // What a snapshot takes with its summary and its place in the log, and the rest of a table with a hundred entries in the metadata log.
    private const int SnapshotBytes = 1024, OtherBytes = 32 * 1024;

    /// <summary>Reads the bytes of a metadata file, plain or compressed with gzip, of version 1 to 3, and checks what it says.</summary>
    /// <param name="bytes">The file.</param>
    /// <param name="limits">How much memory the file may ask for.</param>
    /// <exception cref="IcebergException">It is not valid, contradicts itself, or is of a later version.</exception>
    public static TableMetadata Parse(ReadOnlyMemory<byte> bytes, IcebergReadLimits? limits = null)
    {
        if (bytes.Span is [0x1F, 0x8B, ..]) bytes = Decompress(bytes, (limits ?? IcebergReadLimits.Default).MaxMetadataBytes);
        if (bytes.Span is [0xEF, 0xBB, 0xBF, ..]) bytes = bytes[3..];
        return JsonText.Read(bytes, "table metadata", element => TableMetadataReader.Read(new JsonObjectReader(element, "table metadata")));
    }

    /// <summary>The bytes of a metadata file. The same metadata always gives the same bytes.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: the table is of version 1. <see cref="IcebergErrorKind.Invalid"/>: it contradicts itself.</exception>
    public static byte[] ToUtf8(TableMetadata table) => ToMemory(table).ToArray();

    /// <summary>The same without a copy.</summary>
    internal static ReadOnlyMemory<byte> ToMemory(TableMetadata table)
    {
        ArgumentNullException.ThrowIfNull(table);
        if (table.FormatVersion is < TableMetadata.LeastWrittenFormatVersion or > TableMetadata.HighestFormatVersion)
            throw IcebergException.Unsupported($"Table metadata of version {table.FormatVersion} is not written; upgrade the table to version 2 first (upgrade-format-version).");
        if (TableMetadataRules.Fault(table) is { } fault) throw IcebergException.Invalid($"The table metadata contradicts itself: {fault}. Correct the update that made it.");
        return JsonText.WriteOnce(writer => TableMetadataWriter.Write(writer, table), OtherBytes + (table.Snapshots.Count * SnapshotBytes));
    }

    private static byte[] Decompress(ReadOnlyMemory<byte> bytes, int limit)
    {
        try
        {
            using var source = new GZipStream(new MemoryStream(bytes.ToArray(), writable: false), CompressionMode.Decompress);
            using var all = new MemoryStream();
            var part = new byte[1 << 16];
            for (var read = source.Read(part); read > 0; read = source.Read(part))
            {
                all.Write(part, 0, read);
                if (all.Length > limit)
                    throw new IcebergException(IcebergErrorKind.LimitExceeded, $"The table metadata takes more than {limit} bytes; raise {nameof(IcebergReadLimits.MaxMetadataBytes)} if the file is trusted, and expire snapshots.");
            }

            return all.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw IcebergException.Corrupt("The table metadata cannot be decompressed; restore the file or read an earlier one.", e);
        }
    }
}
