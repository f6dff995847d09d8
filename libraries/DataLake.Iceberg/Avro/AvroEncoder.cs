using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace DataLake.Iceberg.Avro;

/// <summary>Writes values to a pooled buffer (<see href="https://avro.apache.org/docs/1.12.0/specification/#binary-encoding">Avro, Binary Encoding</see>).</summary>
internal sealed class AvroEncoder : IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(1 << 16);

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Forgets what was written after a length, when a record turns out not to be valid halfway.</summary>
    public void CutTo(int length) => Length = length;

    public void WriteInt64(long value)
    {
        var rest = (ulong)((value << 1) ^ (value >> 63));
        var span = Reserve(10);
        var at = 0;
        for (; rest >= 0x80; rest >>= 7) span[at++] = (byte)(rest | 0x80);
        span[at++] = (byte)rest;
        Length += at;
    }

    public void WriteBoolean(bool value)
    {
        Reserve(1)[0] = value ? (byte)1 : (byte)0;
        Length++;
    }

    public void WriteSingle(float value)
    {
        BinaryPrimitives.WriteSingleLittleEndian(Reserve(4), value);
        Length += 4;
    }

    public void WriteDouble(double value)
    {
        BinaryPrimitives.WriteDoubleLittleEndian(Reserve(8), value);
        Length += 8;
    }

    public void WriteFixed(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        Length += value.Length;
    }

    public void WriteBytes(ReadOnlySpan<byte> value)
    {
        WriteInt64(value.Length);
        WriteFixed(value);
    }

    public void WriteString(string value)
    {
        try
        {
            WriteInt64(StrictUtf8.GetByteCount(value));
            Length += StrictUtf8.GetBytes(value, Reserve(StrictUtf8.GetMaxByteCount(value.Length)));
        }
        catch (EncoderFallbackException e)
        {
            throw new IcebergException(IcebergErrorKind.Invalid, "A text has half of a surrogate pair and no UTF-8 form; correct the value.", e);
        }
    }

    /// <summary>The branch of an optional value; null comes first in every union we write.</summary>
    public bool WritePresence(bool isPresent)
    {
        WriteInt64(isPresent ? 1 : 0);
        return isPresent;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
        Length = 0;
    }

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Span<byte> Reserve(int count)
    {
        if (buffer.Length - Length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, Length + count));
            buffer.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }

        return buffer.AsSpan(Length);
    }
}
