using System.Buffers.Binary;
using DataLake.Parquet.Reading;

namespace DataLake.Postgres.Types;

/// <summary>Lists, as arrays of one dimension that begins at 1.</summary>
internal sealed class ListEncoder(ListColumnValues values, ColumnEncoder element) : ColumnEncoder(values)
{
    private const int EmptyBytes = 12;
    private const int HeaderBytes = 20;

    // The next of the elements that have a value.
    private int nextElement;

    internal override int RowBytes => LengthBytes + HeaderBytes;

    internal override void StartPage()
    {
        base.StartPage();
        nextElement = 0;
    }

    internal override void Measure(Span<int> sizes)
    {
        var offsets = values.Offsets[Row..];
        var next = nextElement;
        for (var i = 0; i < sizes.Length; i++)
        {
            for (var at = offsets[i]; at < offsets[i + 1]; at++)
            {
                sizes[i] = checked(sizes[i] + (values.Elements.IsNull(at) ? LengthBytes : element.MostBytes(next++)));
            }
        }
    }

    internal override int MostBytes(int value) => throw NotNested();

    internal override int Encode(int value, Span<byte> target) => throw NotNested();

    private protected override void EncodeValues(TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var offsets = values.Offsets[Row..];
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] += Put(offsets[i], offsets[i + 1], bytes[ends[i]..]);
        }
    }

    private protected override int EncodeRows(ReadOnlySpan<byte> levels, TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var offsets = values.Offsets[Row..];
        var lists = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            if (levels[i] != 0)
            {
                ends[i] += Put(offsets[i], offsets[i + 1], bytes[ends[i]..]);
                lists++;
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes[ends[i]..], -1);
                ends[i] += LengthBytes;
            }
        }

        return lists;
    }

    private int Put(int from, int to, Span<byte> target)
    {
        var end = LengthBytes + (from == to ? EmptyBytes : HeaderBytes);
        var header = target[LengthBytes..end];
        header.Clear();
        if (from < to)
        {
            BinaryPrimitives.WriteInt32BigEndian(header, 1);
            BinaryPrimitives.WriteInt32BigEndian(header[12..], to - from);
            BinaryPrimitives.WriteInt32BigEndian(header[16..], 1);
        }

        for (var at = from; at < to; at++)
        {
            if (!values.Elements.IsNull(at))
            {
                end += element.Encode(nextElement++, target[end..]);
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(target[end..], -1);
                end += LengthBytes;
            }
        }

        BinaryPrimitives.WriteInt32BigEndian(target, end - LengthBytes);
        return end;
    }

    private static NotSupportedException NotNested() => new("Lists of lists are not written.");
}
