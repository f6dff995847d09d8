using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;

namespace DataLake.Iceberg.Avro;

/// <summary>
/// Writes an object container file (<see href="https://avro.apache.org/docs/1.12.0/specification/#object-container-files">Avro, Object Container Files</see>): encode
/// a record into <see cref="Encoder"/>, call <see cref="EndRecordAsync"/>, and <see cref="CompleteAsync"/> at the end. The stream stays open.
/// </summary>
internal sealed class AvroFileWriter : IDisposable
{
    private const int BlockBytes = 1 << 16;

    private readonly Stream output;
    private readonly bool deflate;
    private readonly byte[] sync = RandomNumberGenerator.GetBytes(16);
    private readonly AvroEncoder frame = new();
    private readonly MemoryStream compressed = new();
    private int records;

    /// <param name="output">Where the file goes.</param>
    /// <param name="schema">The schema of a record.</param>
    /// <param name="metadata">What to store in the header beside schema and codec.</param>
    /// <param name="deflate">Whether blocks are compressed.</param>
    public AvroFileWriter(Stream output, AvroSchema schema, IEnumerable<KeyValuePair<string, byte[]>> metadata, bool deflate)
    {
        (this.output, this.deflate) = (output, deflate);
        KeyValuePair<string, byte[]>[] all = [new("avro.schema", AvroSchemaJson.ToUtf8(schema)), new("avro.codec", deflate ? "deflate"u8.ToArray() : "null"u8.ToArray()), .. metadata];
        frame.WriteFixed(AvroFileReader.Magic);
        frame.WriteInt64(all.Length);
        foreach (var (key, value) in all)
        {
            frame.WriteBytes(Encoding.UTF8.GetBytes(key));
            frame.WriteBytes(value);
        }

        frame.WriteInt64(0);
        frame.WriteFixed(sync);
    }

    /// <summary>Takes the values of records.</summary>
    public AvroEncoder Encoder { get; } = new();

    /// <summary>Bytes of the file so far; all of them once it is complete.</summary>
    public long BytesWritten { get; private set; }

    public ValueTask EndRecordAsync(CancellationToken cancellationToken)
    {
        records++;
        return Encoder.Length >= BlockBytes ? WriteBlockAsync(cancellationToken) : ValueTask.CompletedTask;
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await WriteBlockAsync(cancellationToken);
        await output.FlushAsync(cancellationToken);
    }

    public void Dispose()
    {
        frame.Dispose();
        Encoder.Dispose();
        compressed.Dispose();
    }

    /// <summary>Writes the header, if it still waits in the frame, and the records that wait.</summary>
    private async ValueTask WriteBlockAsync(CancellationToken cancellationToken)
    {
        if (records > 0)
        {
            var block = deflate ? Compress() : Encoder.Written;
            frame.WriteInt64(records);
            frame.WriteBytes(block.Span);
            frame.WriteFixed(sync);
            Encoder.Clear();
            records = 0;
        }

        await output.WriteAsync(frame.Written, cancellationToken);
        BytesWritten += frame.Length;
        frame.Clear();
    }

    private ReadOnlyMemory<byte> Compress()
    {
        compressed.SetLength(0);
        using (var stream = new DeflateStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) stream.Write(Encoder.Written.Span);
        return compressed.GetBuffer().AsMemory(0, (int)compressed.Length);
    }
}
