using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace DataLake.Postgres.Types;

// The binary form of each type is what its send function writes (src/backend/utils/adt of PostgreSQL): big-endian, no padding.

internal readonly struct BooleanSentForm : ISentForm<bool>
{
    public bool Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 1);
        return value[0] switch { 0 => false, 1 => true, _ => throw new ColumnValueException("is a boolean that is neither true nor false", isDamage: true) };
    }
}

internal readonly struct Int16SentForm : ISentForm<int>
{
    public int Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 2);
        return BinaryPrimitives.ReadInt16BigEndian(value);
    }
}

internal readonly struct Int32SentForm : ISentForm<int>
{
    public int Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 4);
        return BinaryPrimitives.ReadInt32BigEndian(value);
    }
}

internal readonly struct Int64SentForm : ISentForm<long>
{
    public long Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 8);
        return BinaryPrimitives.ReadInt64BigEndian(value);
    }
}

/// <summary>An OID: 32 bits without a sign.</summary>
internal readonly struct OidSentForm : ISentForm<long>
{
    public long Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 4);
        return BinaryPrimitives.ReadUInt32BigEndian(value);
    }
}

internal readonly struct FloatSentForm : ISentForm<float>
{
    public float Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 4);
        return BinaryPrimitives.ReadSingleBigEndian(value);
    }
}

internal readonly struct DoubleSentForm : ISentForm<double>
{
    public double Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 8);
        return BinaryPrimitives.ReadDoubleBigEndian(value);
    }
}

/// <summary>date: days since 2000-01-01.</summary>
internal readonly struct DateSentForm : ISentForm<int>
{
    private const int DaysTo2000 = 10_957;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 4);
        var days = BinaryPrimitives.ReadInt32BigEndian(value);
        if (days is int.MinValue or int.MaxValue)
        {
            throw new ColumnValueException("holds an infinite date, which Parquet's DATE cannot hold");
        }

        if (days > int.MaxValue - DaysTo2000)
        {
            throw new ColumnValueException("holds a date beyond PostgreSQL's last", isDamage: true);
        }

        return days + DaysTo2000;
    }
}

/// <summary>timestamp and timestamptz: microseconds since 2000-01-01, the latter in UTC.</summary>
internal readonly struct TimestampSentForm : ISentForm<long>
{
    private const long MicrosecondsTo2000 = 946_684_800_000_000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 8);
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

        return microseconds + MicrosecondsTo2000;
    }
}

/// <summary>time: microseconds since midnight.</summary>
internal readonly struct TimeSentForm : ISentForm<long>
{
    private const long Day = 86_400_000_000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Read(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 8);
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(value);
        if ((ulong)microseconds >= Day)
        {
            throw microseconds == Day
                ? new ColumnValueException("holds the time 24:00:00, which Parquet's TIME cannot hold")
                : new ColumnValueException("holds a time that is outside a day", isDamage: true);
        }

        return microseconds;
    }
}
