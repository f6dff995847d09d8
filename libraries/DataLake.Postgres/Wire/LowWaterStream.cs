using System.Net.Sockets;

namespace DataLake.Postgres.Wire;

/// <summary>
/// A TCP socket on Linux whose reader is woken for many bytes at a time. A server sends 8 KiB at a time, and waking who waits for it costs both of them more than the bytes do; so once an
/// answer is long, the kernel lets the reader sleep until more are there (<c>SO_RCVLOWAT</c>, <see href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</see>), or until its
/// patience is over: the last bytes of an answer are fewer. Short answers are read as they come.
/// </summary>
/// <param name="socket">The socket, which becomes the stream's.</param>
internal sealed class LowWaterStream(Socket socket) : Stream
{
    /// <summary>Bytes for which the reader is woken. From half of it to four times as much it made no difference.</summary>
    public const int Mark = 128 * 1024;

    /// <summary>From so many bytes on an answer is long.</summary>
    public const int LongAnswer = 1024 * 1024;

    private const int NoMark = 1;
    private const int SocketLevel = 1; // SOL_SOCKET
    private const int ReceiveLowWaterMark = 18; // SO_RCVLOWAT

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(2);

    private readonly NetworkStream stream = new(socket, ownsSocket: true);
    private int mark = NoMark;

    // Of the present answer, without what came before a pause.
    private long received;

    // Bytes that can be taken without waiting, as far as is known.
    private int there;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override int Read(Span<byte> buffer)
    {
        if (there == 0 && received >= LongAnswer)
        {
            there = WaitForMany();
        }

        var read = stream.Read(there == 0 ? buffer : buffer[..Math.Min(buffer.Length, there)]);
        there = Math.Max(there - read, 0);
        received += read;
        return read;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <summary>Asks something: an answer begins with the next byte that comes.</summary>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        ReadAsItComes();
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

    /// <returns>How many bytes are there; 0 where the answer pauses, or the connection has ended.</returns>
    private int WaitForMany()
    {
        SetMark(Mark);
        socket.Poll(Patience, SelectMode.SelectRead);
        var available = socket.Available;
        if (available == 0)
        {
            ReadAsItComes();
        }

        return available;
    }

    private void ReadAsItComes()
    {
        (received, there) = (0, 0);
        SetMark(NoMark);
    }

    private void SetMark(int bytes)
    {
        if (mark == bytes)
        {
            return;
        }

        Span<byte> value = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(value, bytes);
        socket.SetRawSocketOption(SocketLevel, ReceiveLowWaterMark, value);
        mark = bytes;
    }
}
