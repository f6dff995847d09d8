using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>
/// Masks a date or timestamp: it moves by 1 to 365 days, back or forth. HMAC-SHA-256, under the pipeline's key, of the name and the text of another column decides by how
/// many, so the distances between the dates of one person (order ...) stay, in all tables that name that person by a column of the same name.
/// </summary>
/// <remarks>The source sends the date in its binary form and the text of the other column behind it, as one value.</remarks>
internal sealed class DateShiftDecoder : ColumnDecoder
{
    private const int MostDays = 365;
    private const long MicrosecondsOfDay = 86_400_000_000;

    private readonly ColumnDecoder inner;
    private readonly NotFiniteTest isNotFinite;
    private readonly int length;
    private readonly byte[] key;
    private readonly byte[] prefix;
    private readonly byte[] kept;
    private readonly ArrayBufferWriter<byte> message = new();

    /// <param name="column">The column of the file.</param>
    /// <param name="inner">Takes the date in its binary form.</param>
    /// <param name="isNotFinite">Which dates cannot move; <paramref name="inner"/> decides about them.</param>
    /// <param name="length">The length of the binary form: 4 bytes count days, 8 microseconds.</param>
    /// <param name="by">The other column's name.</param>
    /// <param name="key">The pipeline's key.</param>
    internal DateShiftDecoder(ColumnBuffer column, ColumnDecoder inner, NotFiniteTest isNotFinite, int length, string by, byte[] key)
        : base(column)
    {
        (this.inner, this.isNotFinite, this.length, this.key) = (inner, isNotFinite, length, key);
        kept = new byte[length];
        prefix = Encoding.UTF8.GetBytes($"date_shift\0{by}\0");
    }

    internal override KeptForm Form => KeptForm.Replaced;

    /// <summary>By how many days a date moves: never 0.</summary>
    internal int DaysOf(ReadOnlySpan<byte> by)
    {
        message.ResetWrittenCount();
        message.Write(prefix);
        message.Write(by);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, message.WrittenSpan, hash);
        var step = (int)(BinaryPrimitives.ReadUInt64BigEndian(hash) % (2 * MostDays));
        return step < MostDays ? step - MostDays : step - MostDays + 1;
    }

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        if (value.Length < length)
        {
            throw new ColumnValueException($"came in {value.Length} bytes where a date to move has at least {length}: its type has changed, or the stream is damaged", isDamage: true);
        }

        value[..length].CopyTo(kept);
        if (!isNotFinite(kept))
        {
            Move(DaysOf(value[length..]));
        }

        inner.Decode(kept);
    }

    internal override void WriteKept(Span<byte> value, TupleWriter tuple) => inner.WriteKept(kept, tuple);

    private void Move(int days)
    {
        if (length == sizeof(int))
        {
            BinaryPrimitives.WriteInt32BigEndian(kept, (int)Math.Min(BinaryPrimitives.ReadInt32BigEndian(kept) + (long)days, int.MaxValue - 1));
        }
        else
        {
            // Beyond the last timestamp it is refused, as one that was there before.
            var microseconds = (Int128)BinaryPrimitives.ReadInt64BigEndian(kept) + (days * MicrosecondsOfDay);
            BinaryPrimitives.WriteInt64BigEndian(kept, (long)Int128.Min(microseconds, long.MaxValue - 1));
        }
    }
}
