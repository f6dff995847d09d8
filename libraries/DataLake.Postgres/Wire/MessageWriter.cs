using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace DataLake.Postgres.Wire;

/// <summary>Builds messages to the server.</summary>
internal sealed class MessageWriter
{
    private readonly ArrayBufferWriter<byte> bytes = new(1024);
    private readonly List<int> starts = [];

    public ReadOnlySpan<byte> Written => Finish();

    /// <summary>Starts a message; it ends where the next one starts. The first message of a connection has no type.</summary>
    public MessageWriter Message(char? type)
    {
        if (type is { } letter)
        {
            bytes.Write([(byte)letter]);
        }

        starts.Add(bytes.WrittenCount);
        return Int32(0);
    }

    public MessageWriter Int32(int value)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes.GetSpan(4), value);
        bytes.Advance(4);
        return this;
    }

    public MessageWriter Int16(int value)
    {
        BinaryPrimitives.WriteInt16BigEndian(bytes.GetSpan(2), (short)value);
        bytes.Advance(2);
        return this;
    }

    public MessageWriter Bytes(ReadOnlySpan<byte> value)
    {
        bytes.Write(value);
        return this;
    }

    /// <summary>A parameter's value as text, with its length before it; null has the length -1.</summary>
    public MessageWriter Value(string? value)
    {
        if (value is null)
        {
            return Int32(-1);
        }

        var text = Encoding.UTF8.GetBytes(value);
        return Int32(text.Length).Bytes(text);
    }

    /// <summary>Text with a zero byte at its end.</summary>
    public MessageWriter Text(string value)
    {
        if (value.Contains('\0', StringComparison.Ordinal))
        {
            throw new WireException(WireProblem.Unusable, "text with a zero byte cannot be sent to the server");
        }

        Encoding.UTF8.GetBytes(value, bytes);
        bytes.Write<byte>([0]);
        return this;
    }

    private byte[] Finish()
    {
        var result = bytes.WrittenSpan.ToArray();
        for (var i = 0; i < starts.Count; i++)
        {
            // A message ends where the type byte of the next one stands.
            var next = i + 1 < starts.Count ? starts[i + 1] - 1 : result.Length;
            BinaryPrimitives.WriteInt32BigEndian(result.AsSpan(starts[i]), next - starts[i]);
        }

        return result;
    }
}
