using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

// The binary form of each type is what its send function writes (src/backend/utils/adt of PostgreSQL): big-endian, no padding.

internal sealed class BooleanDecoder(BooleanColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 1);
        column.Append(value[0] switch { 0 => false, 1 => true, _ => throw new ColumnValueException("is a boolean that is neither true nor false", isDamage: true) });
    }
}

internal sealed class Int16Decoder(Int32ColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 2);
        column.Append(BinaryPrimitives.ReadInt16BigEndian(value));
    }
}

internal sealed class Int32Decoder(Int32ColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 4);
        column.Append(BinaryPrimitives.ReadInt32BigEndian(value));
    }
}

internal sealed class Int64Decoder(Int64ColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 8);
        column.Append(BinaryPrimitives.ReadInt64BigEndian(value));
    }
}

/// <summary>An OID: 32 bits without a sign.</summary>
internal sealed class OidDecoder(Int64ColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 4);
        column.Append(BinaryPrimitives.ReadUInt32BigEndian(value));
    }
}

internal sealed class FloatDecoder(FloatColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 4);
        column.Append(BinaryPrimitives.ReadSingleBigEndian(value));
    }
}

internal sealed class DoubleDecoder(DoubleColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 8);
        column.Append(BinaryPrimitives.ReadDoubleBigEndian(value));
    }
}

/// <summary>Text and bytea: the bytes as they are. The server sends no text that is not UTF-8, not even from a database of encoding SQL_ASCII.</summary>
internal sealed class BytesDecoder(ByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value) => column.Append(value);
}

/// <summary>jsonb: a version byte (1), then the document as text.</summary>
internal sealed class JsonbDecoder(ByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[0] != 1)
        {
            throw new ColumnValueException("is jsonb of a version that is not known", isDamage: true);
        }

        column.Append(value[1..]);
    }
}

internal sealed class UuidDecoder(FixedLengthByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 16);
        column.Append(value);
    }
}

/// <summary>date: days since 2000-01-01.</summary>
internal sealed class DateDecoder(Int32ColumnBuffer column) : ColumnDecoder(column)
{
    private const int DaysTo2000 = 10_957;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 4);
        var days = BinaryPrimitives.ReadInt32BigEndian(value);
        if (days is int.MinValue or int.MaxValue)
        {
            throw new ColumnValueException("holds an infinite date, which Parquet's DATE cannot hold");
        }

        if (days > int.MaxValue - DaysTo2000)
        {
            throw new ColumnValueException("holds a date beyond PostgreSQL's last", isDamage: true);
        }

        column.Append(days + DaysTo2000);
    }
}

/// <summary>timestamp and timestamptz: microseconds since 2000-01-01, the latter in UTC.</summary>
internal sealed class TimestampDecoder(Int64ColumnBuffer column) : ColumnDecoder(column)
{
    private const long MicrosecondsTo2000 = 946_684_800_000_000;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 8);
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(value);
        if (microseconds is long.MinValue or long.MaxValue)
        {
            throw new ColumnValueException("holds an infinite timestamp, which Parquet's TIMESTAMP cannot hold");
        }

        // Readers take the last 64-bit number itself for infinity.
        if (microseconds >= long.MaxValue - MicrosecondsTo2000)
        {
            throw new ColumnValueException("holds a timestamp after 294247-01-10 04:00:54.775806, the last that Parquet's TIMESTAMP can hold");
        }

        column.Append(microseconds + MicrosecondsTo2000);
    }
}

/// <summary>time: microseconds since midnight.</summary>
internal sealed class TimeDecoder(Int64ColumnBuffer column) : ColumnDecoder(column)
{
    private const long Day = 86_400_000_000;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Expect(value, 8);
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(value);
        if ((ulong)microseconds >= Day)
        {
            throw microseconds == Day
                ? new ColumnValueException("holds the time 24:00:00, which Parquet's TIME cannot hold")
                : new ColumnValueException("holds a time that is outside a day", isDamage: true);
        }

        column.Append(microseconds);
    }
}
