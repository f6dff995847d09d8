using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>
/// An array as a list: number of dimensions, whether there are NULLs, type of the elements; length and first index of each dimension; then each element's length (-1: NULL)
/// and bytes (array_send in src/backend/utils/adt/arrayfuncs.c). A list has one dimension and begins at 1, as almost every array does.
/// </summary>
internal sealed class ListDecoder(ListColumnBuffer column, ColumnDecoder element) : ColumnDecoder(column)
{
    private const int HeaderLength = 12;
    private const int DimensionLength = 8;
    private const string KeepAsText = "which a list does not; write types: { arrays: text } in the definition";

    internal override KeptForm Form => element.Form == KeptForm.Replaced ? KeptForm.Replaced : KeptForm.Normalized;

    // Whether there are NULLs is a hint that may be wrong, and what the elements' type is called in this database is none of the lake's business.
    internal override void Normalize(Span<byte> value)
    {
        value[4..HeaderLength].Clear();
        if (element.Form != KeptForm.Normalized)
        {
            return;
        }

        for (var rest = ElementsOf(value); !rest.IsEmpty; rest = rest[(sizeof(int) + Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(rest)))..])
        {
            if (BinaryPrimitives.ReadInt32BigEndian(rest) is >= 0 and var length)
            {
                element.Normalize(rest.Slice(sizeof(int), length));
            }
        }
    }

    internal override void WriteKept(Span<byte> value, TupleWriter tuple)
    {
        Normalize(value);
        if (element.Form != KeptForm.Replaced)
        {
            tuple.Value(value);
            return;
        }

        var elements = ElementsOf(value);
        var place = tuple.Begin(value.Length - elements.Length, out var header);
        value[..header.Length].CopyTo(header);
        while (!elements.IsEmpty)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(elements);
            elements = elements[sizeof(int)..];
            if (length < 0)
            {
                tuple.Null();
                continue;
            }

            // What becomes of an element is decided by its value alone, so it can be asked again.
            element.WriteKept(elements[..length], tuple);
            elements = elements[length..];
        }

        tuple.End(place);
    }

    private static Span<byte> ElementsOf(Span<byte> value) => value.Length == HeaderLength ? [] : value[(HeaderLength + DimensionLength)..];

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        if (value.Length < HeaderLength)
        {
            throw Damaged();
        }

        var dimensions = BinaryPrimitives.ReadInt32BigEndian(value);
        if (dimensions == 0)
        {
            ColumnValueException.ThrowUnlessLength(value, HeaderLength);
            column.EndList();
            return;
        }

        if (dimensions is < 0 or > 6 || value.Length < HeaderLength + (dimensions * DimensionLength))
        {
            throw Damaged();
        }

        if (dimensions > 1)
        {
            throw new ColumnValueException($"holds an array that has {dimensions} dimensions, {KeepAsText}");
        }

        if (BinaryPrimitives.ReadInt32BigEndian(value[(HeaderLength + 4)..]) is var first && first != 1)
        {
            throw new ColumnValueException($"holds an array that begins at {first}, {KeepAsText}");
        }

        var count = BinaryPrimitives.ReadInt32BigEndian(value[HeaderLength..]);
        if (count == 0)
        {
            throw new ColumnValueException($"holds an array that has a dimension of no length, {KeepAsText}");
        }

        DecodeElements(value[(HeaderLength + DimensionLength)..], count);
        column.EndList();
    }

    private void DecodeElements(ReadOnlySpan<byte> rest, int count)
    {
        for (; count > 0; count--)
        {
            if (rest.Length < 4)
            {
                throw Damaged();
            }

            var length = BinaryPrimitives.ReadInt32BigEndian(rest);
            rest = rest[4..];
            if (length == -1)
            {
                element.DecodeNull();
                continue;
            }

            if (length < 0 || length > rest.Length)
            {
                throw Damaged();
            }

            element.Decode(rest[..length]);
            rest = rest[length..];
        }

        if (!rest.IsEmpty)
        {
            throw Damaged();
        }
    }

    private static ColumnValueException Damaged() => new("is an array that is damaged", isDamage: true);
}
