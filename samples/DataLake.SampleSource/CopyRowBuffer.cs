using System.Buffers.Binary;
using System.Text;

namespace DataLake.SampleSource;

/// <summary>
/// Rows in COPY's binary format (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"): each field is a 32-bit
/// length and the bytes that its type's receive function reads. The owner flushes between rows; a row is far smaller than the slack.
/// </summary>
internal sealed class CopyRowBuffer
{
    private const int Capacity = 256 << 10;
    private const int Slack = 16 << 10;
    private static readonly DateTime Epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateOnly EpochDay = new(2000, 1, 1);

    private readonly byte[] _bytes = new byte[Capacity];
    private int _length;

    /// <summary>The signature, no flags, no header extension.</summary>
    internal static ReadOnlySpan<byte> Header => [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00, 0, 0, 0, 0, 0, 0, 0, 0];

    internal ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    internal bool IsFull => _length > Capacity - Slack;

    internal void Clear() => _length = 0;

    internal void Begin() => Header.CopyTo(Take(Header.Length));

    internal void End() => BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);

    internal void StartRow(short fields) => BinaryPrimitives.WriteInt16BigEndian(Take(2), fields);

    internal void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    internal void Boolean(bool value) => Field(1)[0] = value ? (byte)1 : (byte)0;

    internal void SmallInt(int value) => BinaryPrimitives.WriteInt16BigEndian(Field(2), (short)value);

    internal void Integer(int value) => BinaryPrimitives.WriteInt32BigEndian(Field(4), value);

    internal void BigInt(long value) => BinaryPrimitives.WriteInt64BigEndian(Field(8), value);

    internal void Double(double value) => BinaryPrimitives.WriteDoubleBigEndian(Field(8), value);

    internal void Text(string value)
    {
        var written = Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length + 4));
        BinaryPrimitives.WriteInt32BigEndian(Take(4), written);
        _length += written;
    }

    /// <summary>A code such as AC0000012345: a prefix and a number of so many digits.</summary>
    internal void Code(string prefix, long number, int digits)
    {
        var field = Field(prefix.Length + digits);
        Encoding.ASCII.GetBytes(prefix, field);
        for (var i = field.Length - 1; i >= prefix.Length; i--)
        {
            field[i] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }

    /// <summary>A version byte, then the text.</summary>
    internal void Jsonb(string value)
    {
        var written = Encoding.UTF8.GetBytes(value, _bytes.AsSpan(_length + 5));
        BinaryPrimitives.WriteInt32BigEndian(Take(4), written + 1);
        Take(1)[0] = 1;
        _length += written;
    }

    internal void Uuid(ulong high, ulong low)
    {
        var field = Field(16);
        BinaryPrimitives.WriteUInt64BigEndian(field, high);
        BinaryPrimitives.WriteUInt64BigEndian(field[8..], low);
    }

    internal void Date(DateOnly value) => Integer(value.DayNumber - EpochDay.DayNumber);

    internal void Timestamp(DateTime utc) => BigInt((utc - Epoch).Ticks / TimeSpan.TicksPerMicrosecond);

    /// <summary>
    /// <paramref name="unscaled"/> / 10^<paramref name="scale"/>. The bytes (numeric_recv): count of base-10000 digits, weight of the
    /// first, sign, decimal digits to show, then the digits; the fraction's last digit is filled up with zeros.
    /// </summary>
    internal void Numeric(long unscaled, int scale)
    {
        var power = PowerOfTen(scale);
        var magnitude = Math.Abs(unscaled);
        var whole = magnitude / power;
        var fractionDigits = (scale + 3) / 4;
        var fraction = magnitude % power * PowerOfTen((fractionDigits * 4) - scale);

        var wholeDigits = 1;
        for (var rest = whole / 10_000; rest > 0; rest /= 10_000)
        {
            wholeDigits++;
        }

        var field = Field(8 + (2 * (wholeDigits + fractionDigits)));
        BinaryPrimitives.WriteInt16BigEndian(field, (short)(wholeDigits + fractionDigits));
        BinaryPrimitives.WriteInt16BigEndian(field[2..], (short)(wholeDigits - 1));
        BinaryPrimitives.WriteInt16BigEndian(field[4..], unscaled < 0 ? (short)0x4000 : (short)0);
        BinaryPrimitives.WriteInt16BigEndian(field[6..], (short)scale);
        WriteDigits(field[8..], whole, wholeDigits);
        WriteDigits(field[(8 + (2 * wholeDigits))..], fraction, fractionDigits);
    }

    private static void WriteDigits(Span<byte> field, long value, int digits)
    {
        for (var i = digits - 1; i >= 0; i--)
        {
            BinaryPrimitives.WriteInt16BigEndian(field[(2 * i)..], (short)(value % 10_000));
            value /= 10_000;
        }
    }

    private static long PowerOfTen(int exponent)
    {
        var power = 1L;
        for (var i = 0; i < exponent; i++)
        {
            power *= 10;
        }

        return power;
    }

    private Span<byte> Field(int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(Take(4), length);
        return Take(length);
    }

    private Span<byte> Take(int length)
    {
        var span = _bytes.AsSpan(_length, length);
        _length += length;
        return span;
    }
}
