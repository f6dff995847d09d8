using System.Net.Sockets;

namespace DataLake.Postgres.Wire;

/// <summary>
/// A TCP socket whose long answers are taken in large portions. A server sends 8 KiB at a time, and waking who waits for it costs both of them more than the bytes do; on a machine that
/// both share, who is woken may even push the server off its core. So once an answer is long and little of it is there, its reader rests for a moment, in which nobody has to wake it.
/// Short answers are read as they come.
/// </summary>
/// <param name="socket">The socket, which becomes the stream's.</param>
/// <param name="rest">Lets a moment go by.</param>
internal sealed class CoalescingStream(Socket socket, Action rest) : Stream
{
    /// <summary>From so many bytes on an answer is long.</summary>
    public const int LongAnswer = 1024 * 1024;

    /// <summary>Bytes for which nobody rests.</summary>
    public const int Enough = 128 * 1024;

    private readonly NetworkStream stream = new(socket, ownsSocket: true);

    // Of the present answer.
    private long received;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The way of reading a socket: in large portions where a rest is as short as it is meant to be.</summary>
    public static Stream Of(Socket socket) =>
        // A socket file holds less than what comes in a moment, and Windows rests for 16 of them.
        socket.ProtocolType == ProtocolType.Tcp && !OperatingSystem.IsWindows() ? new CoalescingStream(socket, static () => Thread.Sleep(1)) : new NetworkStream(socket, ownsSocket: true);

    public override int Read(Span<byte> buffer)
    {
        if (received >= LongAnswer && socket.Available < Enough)
        {
            rest();
        }

        var read = stream.Read(buffer);
        received += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Asks something: an answer begins with the next byte that comes.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        received = 0;
        stream.Write(buffer);
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush() => stream.Flush();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }
}
