using System.Buffers;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;

namespace DataLake.Iceberg.Avro;

/// <summary>
/// Reads an object container file block by block (<see href="https://avro.apache.org/docs/1.12.0/specification/#object-container-files">Avro, Object Container Files</see>).
/// The stream is read from where it stands and stays open.
/// </summary>
internal sealed class AvroFileReader : IDisposable
{
    internal static readonly byte[] Magic = "Obj\u0001"u8.ToArray();

    private const int SyncLength = 16;

    private readonly AvroInput input;
    private readonly IcebergReadLimits limits;
    private readonly byte[] sync = new byte[SyncLength];
    private byte[] inflated = [];
    private bool isDeflate;

    private AvroFileReader(Stream stream, IcebergReadLimits limits) => (input, this.limits) = (new AvroInput(stream), limits);

    /// <summary>The writer's schema.</summary>
    public AvroSchema Schema { get; private set; } = null!;

    /// <summary>The header's metadata, without what Avro itself keeps there.</summary>
    public Dictionary<string, byte[]> Metadata { get; } = new(StringComparer.Ordinal);

    /// <summary>Records in the present block.</summary>
    public int RecordCount { get; private set; }

    /// <summary>The bytes of the present block's records; valid until the next block is read.</summary>
    public ReadOnlyMemory<byte> Block { get; private set; }

    public static async ValueTask<AvroFileReader> OpenAsync(Stream stream, IcebergReadLimits limits, CancellationToken cancellationToken)
    {
        var reader = new AvroFileReader(stream, limits);
        try
        {
            await reader.ReadHeaderAsync(cancellationToken);
            return reader;
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public string? Text(string key) => Metadata.TryGetValue(key, out var bytes) ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>Reads the next block; false at the end of the file.</summary>
    public async ValueTask<bool> ReadBlockAsync(CancellationToken cancellationToken)
    {
        if (await input.IsAtEndAsync(cancellationToken)) return false;
        var records = await input.ReadInt64Async(cancellationToken);
        var length = await input.ReadInt64Async(cancellationToken);
        if (records < 0 || length < 0) throw IcebergException.Corrupt($"An Avro block claims {records} records in {length} bytes; the file must be written again.");
        if (length > limits.MaxBlockBytes) throw TooLarge(length);
        var stored = await input.ReadAsync((int)length + SyncLength, cancellationToken);
        if (!stored.Span[^SyncLength..].SequenceEqual(sync))
            throw IcebergException.Corrupt("An Avro block does not end in the file's sync marker; the file is damaged and must be restored.");
        Block = isDeflate ? Inflate(stored[..^SyncLength]) : stored[..^SyncLength];
        if (records > Block.Length / Math.Max(1, Schema.MinimumBytes))
            throw IcebergException.Corrupt($"An Avro block claims {records} records in {Block.Length} bytes; the file must be written again.");
        RecordCount = (int)records;
        return true;
    }

    public void Dispose()
    {
        input.Dispose();
        if (inflated.Length > 0) ArrayPool<byte>.Shared.Return(inflated);
        inflated = [];
        Block = default;
    }

    private async ValueTask ReadHeaderAsync(CancellationToken cancellationToken)
    {
        if (!(await input.ReadAsync(Magic.Length, cancellationToken)).Span.SequenceEqual(Magic))
            throw IcebergException.Corrupt("The file does not begin as an Avro file does; check that the path is that of a manifest or manifest list.");
        var budget = (long)limits.MaxHeaderBytes;
        for (var count = await input.ReadInt64Async(cancellationToken); count != 0; count = await input.ReadInt64Async(cancellationToken))
        {
            if (count < 0)
            {
                count = unchecked(-count);
                await input.ReadInt64Async(cancellationToken);
            }

            for (; count != 0; count--)
            {
                var key = Encoding.UTF8.GetString((await HeaderBytesAsync()).Span);
                Metadata[key] = (await HeaderBytesAsync()).ToArray();
            }
        }

        (await input.ReadAsync(SyncLength, cancellationToken)).CopyTo(sync);
        Schema = AvroSchemaJson.Parse(Metadata.Remove("avro.schema", out var schema) ? schema : throw IcebergException.Corrupt("The Avro file has no avro.schema; it must be written again."));
        var codec = Metadata.Remove("avro.codec", out var name) ? Encoding.UTF8.GetString(name) : "null";
        isDeflate = codec switch
        {
            "null" => false,
            "deflate" => true,
            _ => throw IcebergException.Unsupported($"The Avro codec '{codec}' is not read here; let the writer use deflate (write.avro.compression-codec=gzip) and rewrite the manifests."),
        };

        async ValueTask<ReadOnlyMemory<byte>> HeaderBytesAsync()
        {
            var length = await input.ReadInt64Async(cancellationToken);
            if (length < 0) throw IcebergException.Corrupt($"An Avro header claims a value of {length} bytes; the file must be written again.");
            budget -= 16 + Math.Min(length, limits.MaxHeaderBytes);
            if (budget < 0)
                throw new IcebergException(IcebergErrorKind.LimitExceeded, $"An Avro header is larger than {limits.MaxHeaderBytes} bytes; raise {nameof(IcebergReadLimits.MaxHeaderBytes)} if the file is trusted.");
            return await input.ReadAsync((int)length, cancellationToken);
        }
    }

    private ReadOnlyMemory<byte> Inflate(ReadOnlyMemory<byte> stored)
    {
        try
        {
            using var source = MemoryMarshal.TryGetArray(stored, out var segment)
                ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
                : new MemoryStream(stored.ToArray(), writable: false);
            using var deflate = new DeflateStream(source, CompressionMode.Decompress);
            if (inflated.Length == 0) inflated = ArrayPool<byte>.Shared.Rent(1 << 16);
            var length = 0;
            while (true)
            {
                var read = deflate.Read(inflated.AsSpan(length));
                if (read == 0) return inflated.AsMemory(0, length);
                length += read;
                if (length > limits.MaxBlockBytes) throw TooLarge(length);
                if (length == inflated.Length) Grow(length);
            }
        }
        catch (InvalidDataException e)
        {
            throw IcebergException.Corrupt("An Avro block cannot be decompressed; the file is damaged and must be restored.", e);
        }
    }

    private void Grow(int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(length * 2);
        inflated.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(inflated);
        inflated = larger;
    }

    private IcebergException TooLarge(long length) =>
        new(IcebergErrorKind.LimitExceeded, $"An Avro block takes {length} bytes or more where {limits.MaxBlockBytes} are allowed; raise {nameof(IcebergReadLimits.MaxBlockBytes)} if the file is trusted.");
}
