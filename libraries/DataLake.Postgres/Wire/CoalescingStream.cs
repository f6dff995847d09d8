using System.Buffers;
using System.Net.Sockets;

namespace DataLake.Postgres.Wire;

/// <summary>
/// A TCP socket whose long answers are taken in large portions. A server sends 8 KiB at a time, and waking who waits for it costs both of them more than the bytes do; on a machine that
/// both share, who is woken may even push the server off its core. So once an answer is long and little of it is there, its reader rests for a moment, in which nobody has to wake it.
/// Short answers are read as they come. A reader that is busy with something else for longer than the system holds what comes can take it in between (<see cref="TakeAhead"/>), so that
/// the server goes on meanwhile.
/// </summary>
/// <param name="socket">The socket, which becomes the stream's.</param>
/// <param name="rest">Lets a moment go by.</param>
internal sealed class CoalescingStream(Socket socket, Action rest) : Stream
{
    /// <summary>From so many bytes on an answer is long.</summary>
    public const int LongAnswer = 1024 * 1024;

    /// <summary>Bytes for which nobody rests.</summary>
    public const int Enough = 128 * 1024;

    private const int Portion = 64 * 1024;

    private readonly NetworkStream stream = new(socket, ownsSocket: true);

    // Of the present answer.
    private long received;

    // What was taken ahead and not read yet. The array is the reader's alone, and goes back when it is empty; who closes the stream under a read leaves it.
    private byte[] ahead = [];
    private int aheadStart;
    private int aheadEnd;

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => true;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The way of reading a socket: in large portions where a rest is as short as it is meant to be.</summary>
    public static Stream Of(Socket socket) =>
        // A socket file holds less than what comes in a moment, and Windows rests for 16 of them.
        socket.ProtocolType == ProtocolType.Tcp && !OperatingSystem.IsWindows() ? new CoalescingStream(socket, static () => Thread.Sleep(1)) : new NetworkStream(socket, ownsSocket: true);

    /// <summary>Whether little of a long answer is there, so that the next read would rest: a moment for its reader to do something else.</summary>
    public bool IsDry
    {
        get
        {
            try
            {
                return received >= LongAnswer && aheadEnd == 0 && socket.Available < Enough;
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return false; // The next read finds the same.
            }
        }
    }

    /// <summary>Takes what has come of a long answer, without waiting for anything.</summary>
    /// <param name="most">Bytes that may be held; those of the first call hold until all was read.</param>
    public void TakeAhead(int most)
    {
        try
        {
            while (received >= LongAnswer && socket.Available >= Portion)
            {
                if (ahead.Length == 0)
                {
                    ahead = ArrayPool<byte>.Shared.Rent(Math.Max(most, Portion));
                }

                if (aheadEnd == ahead.Length)
                {
                    return;
                }

                var read = socket.Receive(ahead.AsSpan(aheadEnd));
                aheadEnd += read;
                received += read;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The next read finds the same.
        }
    }

    public override int Read(Span<byte> buffer)
    {
        if (aheadEnd > 0)
        {
            return ReadAhead(buffer);
        }

        if (IsDry)
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

    private int ReadAhead(Span<byte> buffer)
    {
        var read = Math.Min(buffer.Length, aheadEnd - aheadStart);
        ahead.AsSpan(aheadStart, read).CopyTo(buffer);
        aheadStart += read;
        if (aheadStart == aheadEnd)
        {
            ArrayPool<byte>.Shared.Return(ahead);
            (ahead, aheadStart, aheadEnd) = ([], 0, 0);
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            stream.Dispose();
        }

        base.Dispose(disposing);
    }
}
