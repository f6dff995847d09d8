using System.Buffers.Binary;

namespace DataLake.Postgres.Types;

// Each is the way back of the decoder of the same name, and written apart from it: a mistake in one of the two is found by the receipt.

internal readonly struct BooleanWireForm : IWireForm<bool>
{
    public int MostBytes => 1;

    public int Write(bool value, Span<byte> target)
    {
        target[0] = value ? (byte)1 : (byte)0;
        return 1;
    }
}

internal readonly struct Int16WireForm : IWireForm<int>
{
    public int MostBytes => sizeof(int);

    public int Write(int value, Span<byte> target)
    {
        if (value == (short)value)
        {
            BinaryPrimitives.WriteInt16BigEndian(target, (short)value);
            return sizeof(short);
        }

        BinaryPrimitives.WriteInt32BigEndian(target, value); // Nothing that the source can have sent.
        return sizeof(int);
    }
}

internal readonly struct Int32WireForm : IWireForm<int>
{
    public int MostBytes => sizeof(int);

    public int Write(int value, Span<byte> target)
    {
        BinaryPrimitives.WriteInt32BigEndian(target, value);
        return sizeof(int);
    }
}

internal readonly struct Int64WireForm : IWireForm<long>
{
    public int MostBytes => sizeof(long);

    public int Write(long value, Span<byte> target)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, value);
        return sizeof(long);
    }
}

internal readonly struct OidWireForm : IWireForm<long>
{
    public int MostBytes => sizeof(long);

    public int Write(long value, Span<byte> target)
    {
        if (value == (uint)value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(target, (uint)value);
            return sizeof(uint);
        }

        BinaryPrimitives.WriteInt64BigEndian(target, value); // Nothing that the source can have sent.
        return sizeof(long);
    }
}

internal readonly struct FloatWireForm : IWireForm<float>
{
    public int MostBytes => sizeof(float);

    public int Write(float value, Span<byte> target)
    {
        BinaryPrimitives.WriteSingleBigEndian(target, value);
        return sizeof(float);
    }
}

internal readonly struct DoubleWireForm : IWireForm<double>
{
    public int MostBytes => sizeof(double);

    public int Write(double value, Span<byte> target)
    {
        BinaryPrimitives.WriteDoubleBigEndian(target, value);
        return sizeof(double);
    }
}

/// <summary>Days since 1970-01-01 to days since 2000-01-01.</summary>
internal readonly struct DateWireForm : IWireForm<int>
{
    public int MostBytes => sizeof(int);

    public int Write(int value, Span<byte> target)
    {
        BinaryPrimitives.WriteInt32BigEndian(target, unchecked(value - 10_957));
        return sizeof(int);
    }
}

/// <summary>Microseconds since 1970-01-01 to microseconds since 2000-01-01.</summary>
internal readonly struct TimestampWireForm : IWireForm<long>
{
    public int MostBytes => sizeof(long);

    public int Write(long value, Span<byte> target)
    {
        BinaryPrimitives.WriteInt64BigEndian(target, unchecked(value - 946_684_800_000_000));
        return sizeof(long);
    }
}

/// <summary>Text, bytea and uuid.</summary>
internal readonly struct BytesWireForm : IByteArrayWireForm
{
    public int MostBytes(int length) => length;

    public int Write(ReadOnlySpan<byte> value, Span<byte> target)
    {
        value.CopyTo(target);
        return value.Length;
    }
}

internal readonly struct JsonbWireForm : IByteArrayWireForm
{
    public int MostBytes(int length) => 1 + length;

    public int Write(ReadOnlySpan<byte> value, Span<byte> target)
    {
        target[0] = 1;
        value.CopyTo(target[1..]);
        return 1 + value.Length;
    }
}
