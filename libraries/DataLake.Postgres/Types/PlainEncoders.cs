using System.Buffers.Binary;
using DataLake.Parquet.Reading;

namespace DataLake.Postgres.Types;

// Each is the way back of the decoder of the same name, and written apart from it: a mistake in one of the two is found by the receipt.

internal sealed class BooleanEncoder(FixedWidthColumnValues<bool> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => tuple.Value(1)[0] = values.Values[index] ? (byte)1 : (byte)0;
}

internal sealed class Int16Encoder(FixedWidthColumnValues<int> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple)
    {
        var value = values.Values[index];
        if (value == (short)value)
        {
            BinaryPrimitives.WriteInt16BigEndian(tuple.Value(sizeof(short)), (short)value);
        }
        else
        {
            BinaryPrimitives.WriteInt32BigEndian(tuple.Value(sizeof(int)), value); // Nothing that the source can have sent.
        }
    }
}

internal sealed class Int32Encoder(FixedWidthColumnValues<int> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => BinaryPrimitives.WriteInt32BigEndian(tuple.Value(sizeof(int)), values.Values[index]);
}

internal sealed class Int64Encoder(FixedWidthColumnValues<long> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => BinaryPrimitives.WriteInt64BigEndian(tuple.Value(sizeof(long)), values.Values[index]);
}

internal sealed class OidEncoder(FixedWidthColumnValues<long> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple)
    {
        var value = values.Values[index];
        if (value == (uint)value)
        {
            BinaryPrimitives.WriteUInt32BigEndian(tuple.Value(sizeof(uint)), (uint)value);
        }
        else
        {
            BinaryPrimitives.WriteInt64BigEndian(tuple.Value(sizeof(long)), value); // Nothing that the source can have sent.
        }
    }
}

internal sealed class FloatEncoder(FixedWidthColumnValues<float> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => BinaryPrimitives.WriteSingleBigEndian(tuple.Value(sizeof(float)), values.Values[index]);
}

internal sealed class DoubleEncoder(FixedWidthColumnValues<double> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => BinaryPrimitives.WriteDoubleBigEndian(tuple.Value(sizeof(double)), values.Values[index]);
}

/// <summary>Text, bytea and uuid.</summary>
internal sealed class BytesEncoder(ByteArrayColumnValues values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => tuple.Value(values[index]);
}

internal sealed class JsonbEncoder(ByteArrayColumnValues values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple)
    {
        var text = values[index];
        var target = tuple.Value(1 + text.Length);
        target[0] = 1;
        text.CopyTo(target[1..]);
    }
}

/// <summary>Days since 1970-01-01 to days since 2000-01-01.</summary>
internal sealed class DateEncoder(FixedWidthColumnValues<int> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) =>
        BinaryPrimitives.WriteInt32BigEndian(tuple.Value(sizeof(int)), unchecked(values.Values[index] - 10_957));
}

/// <summary>Microseconds since 1970-01-01 to microseconds since 2000-01-01.</summary>
internal sealed class TimestampEncoder(FixedWidthColumnValues<long> values) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) =>
        BinaryPrimitives.WriteInt64BigEndian(tuple.Value(sizeof(long)), unchecked(values.Values[index] - 946_684_800_000_000));
}

internal sealed class NumericInt32Encoder(FixedWidthColumnValues<int> values, NumericForm form) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => form.Write(values.Values[index], tuple);
}

internal sealed class NumericInt64Encoder(FixedWidthColumnValues<long> values, NumericForm form) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple) => form.Write(values.Values[index], tuple);
}

internal sealed class NumericFixedEncoder(ByteArrayColumnValues values, NumericForm form) : ColumnEncoder
{
    internal override void Encode(int index, TupleWriter tuple)
    {
        var bytes = values[index];
        Span<byte> wide = stackalloc byte[16];
        wide.Fill((sbyte)bytes[0] < 0 ? (byte)0xFF : (byte)0);
        bytes.CopyTo(wide[^bytes.Length..]);
        var unscaled = BinaryPrimitives.ReadInt128BigEndian(wide);
        if (unscaled == (long)unscaled)
        {
            form.Write((long)unscaled, tuple);
        }
        else
        {
            form.Write(unscaled, tuple);
        }
    }
}

internal sealed class ListEncoder(ListColumnValues values, ColumnEncoder element) : ColumnEncoder
{
    // Where the rows that have a list are among all, and the elements that have a value: found as the page is walked.
    private int row;
    private int value;

    internal override void Encode(int index, TupleWriter tuple)
    {
        if (index == 0)
        {
            (row, value) = (0, 0);
        }

        while (values.IsNull(row))
        {
            row++;
        }

        var (from, to) = (values.Offsets[row], values.Offsets[row + 1]);
        row++;
        if (from == to)
        {
            tuple.Value(12).Clear(); // No dimension.
            return;
        }

        var place = tuple.Begin(20, out var header);
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, 1);
        BinaryPrimitives.WriteInt32BigEndian(header[12..], to - from);
        BinaryPrimitives.WriteInt32BigEndian(header[16..], 1);
        for (var i = from; i < to; i++)
        {
            if (values.Elements.IsNull(i))
            {
                tuple.Null();
            }
            else
            {
                element.Encode(value++, tuple);
            }
        }

        tuple.End(place);
    }
}
