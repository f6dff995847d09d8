using System.Buffers;

namespace DataLake.Iceberg.Avro;

/// <summary>A stream read ahead into a pooled buffer, which grows only as bytes arrive.</summary>
internal sealed class AvroInput(Stream stream) : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
    private int start;
    private int end;

    public ReadOnlySpan<byte> Buffered => buffer.AsSpan(start, end - start);

    public void Advance(int count) => start += count;

    /// <summary>Whether the stream is at its end.</summary>
    public async ValueTask<bool> IsAtEndAsync(CancellationToken cancellationToken) => start == end && !await FillAsync(cancellationToken);

    /// <summary>The next bytes, which stay valid until the next call.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadAsync(int count, CancellationToken cancellationToken)
    {
        while (end - start < count)
            if (!await FillAsync(cancellationToken)) throw Ended();
        var bytes = buffer.AsMemory(start, count);
        start += count;
        return bytes;
    }

    public async ValueTask<long> ReadInt64Async(CancellationToken cancellationToken)
    {
        while (end - start < 10 && await FillAsync(cancellationToken))
        {
        }

        if (start == end) throw Ended();
        var number = Decode();
        return number ?? throw Ended();
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        start = end = 0;
    }

    public static IcebergException Ended() => new(IcebergErrorKind.Truncated, "The Avro file ends too early. If it is still being written, read it again; otherwise restore it.");

    private long? Decode()
    {
        var length = Math.Min(10, end - start);
        var isWhole = false;
        for (var i = 0; i < length && !isWhole; i++) isWhole = buffer[start + i] < 0x80;
        if (!isWhole && length < 10) return null;
        var decoder = new AvroDecoder(buffer.AsSpan(start, length));
        var number = decoder.ReadInt64();
        start += decoder.Position;
        return number;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (start == end) start = end = 0;
        if (end == buffer.Length)
        {
            var target = start == 0 ? ArrayPool<byte>.Shared.Rent(buffer.Length * 2) : buffer;
            Buffer.BlockCopy(buffer, start, target, 0, end - start);
            (end, start) = (end - start, 0);
            if (target != buffer) ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        var read = await stream.ReadAsync(buffer.AsMemory(end), cancellationToken);
        end += read;
        return read > 0;
    }
}
