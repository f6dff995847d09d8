using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Postgres.Wire;

/// <summary>
/// The bytes that came from the server and were not taken yet, cut into messages: a type byte, a length of 32 bits that counts itself, a body
/// (<see href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message Formats</see>). Messages that can come at any time and are for people
/// (notices, settings, notifications) are passed over.
/// </summary>
/// <param name="stream">What comes from the server.</param>
/// <param name="capacity">How many bytes are read ahead at most.</param>
internal sealed class MessageBuffer(Stream stream, int capacity = MessageBuffer.DefaultCapacity)
{
    public const int DefaultCapacity = 256 * 1024;

    private const int HeaderLength = 5;
    private const int LongestMessage = 0x4000_0000;
    private const int LongestAnswer = 16 * 1024 * 1024;
    private const int FirstBody = 64 * 1024;

    private readonly byte[] bytes = GC.AllocateUninitializedArray<byte>(capacity);
    private int start;
    private int end;

    // Bytes of a message for people that are still to come.
    private int unread;

    /// <summary>Whether the connection has broken under a read.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Takes the next message.</summary>
    /// <exception cref="WireException">The connection broke, or what came is not the protocol.</exception>
    public WireMessage ReadMessage()
    {
        byte type;
        int length;
        while (!TryPeek(out type, out length))
        {
            Fill();
        }

        if (length > LongestAnswer)
        {
            throw WireException.Garbled($"a message of {length:N0} bytes came where a short one belongs");
        }

        start += HeaderLength;
        // Memory is taken for what came, not for what is claimed to come.
        var body = new byte[Math.Min(length, FirstBody)];
        for (var filled = 0; filled < length;)
        {
            if (start == end)
            {
                Fill();
            }

            if (filled == body.Length)
            {
                Array.Resize(ref body, (int)Math.Min(length, body.Length * 2L));
            }

            filled += Take(body.AsSpan(filled));
        }

        return new WireMessage(type, body);
    }

    /// <summary>Whether a message is there that nobody asked for: between two questions, none may be but the server's last words.</summary>
    /// <exception cref="WireException">What came is not the protocol.</exception>
    public bool IsMessageThere() => TryPeek(out _, out _);

    /// <summary>Whether so many bytes are there, of whatever messages.</summary>
    public bool IsThere(int count) => end - start >= count;

    /// <summary>Copies the bodies of CopyData messages that are there, one after the other.</summary>
    /// <param name="target">Where to copy to.</param>
    /// <param name="inBody">Bytes of the present message that are still to come.</param>
    /// <param name="isOther">Whether another kind of message is next.</param>
    /// <returns>How many bytes were copied.</returns>
    /// <exception cref="WireException">What came is not the protocol.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int TakeCopyData(Span<byte> target, ref int inBody, out bool isOther)
    {
        var copied = 0;
        isOther = false;
        while (copied < target.Length)
        {
            if (inBody == 0)
            {
                if (!TryPeek(out var type, out var length))
                {
                    break;
                }

                if (type != 'd')
                {
                    isOther = true;
                    break;
                }

                start += HeaderLength;
                inBody = length;
                continue;
            }

            var taken = Take(target.Slice(copied, Math.Min(inBody, target.Length - copied)));
            if (taken == 0)
            {
                break;
            }

            copied += taken;
            inBody -= taken;
        }

        return copied;
    }

    /// <summary>Waits for bytes from the stream.</summary>
    /// <exception cref="WireException">The connection broke.</exception>
    public void Fill()
    {
        if (start > 0)
        {
            // What is left is at most a header that is cut in two: there is always room.
            bytes.AsSpan(start, end - start).CopyTo(bytes);
            end -= start;
            start = 0;
        }

        int read;
        try
        {
            read = stream.Read(bytes.AsSpan(end));
        }
        catch (Exception error)
        {
            // Whatever a socket or TLS throws when another thread closes it under the read.
            IsEnded = true;
            throw WireException.Of(error);
        }

        IsEnded = read <= 0;
        end += read > 0 ? read : throw WireException.Closed();
    }

    private int Take(Span<byte> target)
    {
        var count = Math.Min(target.Length, end - start);
        bytes.AsSpan(start, count).CopyTo(target);
        start += count;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool TryPeek(out byte type, out int bodyLength)
    {
        (type, bodyLength) = (0, 0);
        while (true)
        {
            var passed = Math.Min(unread, end - start);
            start += passed;
            unread -= passed;
            if (unread > 0 || end - start < HeaderLength)
            {
                return false;
            }

            type = bytes[start];
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(start + 1));
            if (length is < 4 or > LongestMessage)
            {
                throw WireException.Garbled("the length of a message is impossible");
            }

            bodyLength = length - 4;
            if (type is not ((byte)'N' or (byte)'S' or (byte)'A'))
            {
                return true;
            }

            start += HeaderLength;
            unread = bodyLength;
        }
    }
}
