using System.Buffers.Binary;
using System.Text;

namespace DataLake.Postgres.Wire;

/// <summary>The messages that bring rows (<see href="https://www.postgresql.org/docs/current/protocol-message-formats.html">Message Formats</see>).</summary>
internal static class RowMessage
{
    /// <summary>The values of a DataRow, as text.</summary>
    /// <exception cref="WireException">Its counts and lengths do not fit its bytes.</exception>
    public static string?[] Read(ReadOnlySpan<byte> body)
    {
        // Each value has four bytes of length.
        if (body.Length < 2 || BinaryPrimitives.ReadInt16BigEndian(body) is var count && (count < 0 || count > (body.Length - 2) / 4))
        {
            throw Damaged();
        }

        var values = new string?[BinaryPrimitives.ReadInt16BigEndian(body)];
        body = body[2..];
        for (var i = 0; i < values.Length; i++)
        {
            var length = body.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(body) : throw Damaged();
            body = body[4..];
            if (length < -1 || length > body.Length)
            {
                throw Damaged();
            }

            if (length >= 0)
            {
                values[i] = Encoding.UTF8.GetString(body[..length]);
                body = body[length..];
            }
        }

        return body.IsEmpty ? values : throw Damaged();
    }

    /// <summary>Whether a CopyOutResponse announces the binary format, for every column of it.</summary>
    public static bool IsBinaryCopy(ReadOnlySpan<byte> body)
    {
        if (body.Length < 3 || body[0] != 1 || BinaryPrimitives.ReadInt16BigEndian(body[1..]) is var count && (count < 0 || body.Length != 3 + (count * 2)))
        {
            return false;
        }

        for (var i = 3; i < body.Length; i += 2)
        {
            if (BinaryPrimitives.ReadInt16BigEndian(body[i..]) != 1)
            {
                return false;
            }
        }

        return true;
    }

    private static WireException Damaged() => WireException.Garbled("the lengths in a row do not fit its bytes");
}
