using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DataLake.Parquet.Reading;

namespace DataLake.Postgres.Types;

/// <summary>The binary form of a type whose values are byte strings in Parquet.</summary>
internal interface IByteArrayWireForm
{
    /// <summary>The most bytes that a value takes.</summary>
    /// <param name="length">Bytes that it has in Parquet.</param>
    int MostBytes(int length);

    /// <inheritdoc cref="IWireForm{T}.Write"/>
    int Write(ReadOnlySpan<byte> value, Span<byte> target);
}

/// <summary>Byte strings.</summary>
/// <typeparam name="TForm">The binary form: a structure, so that the loops below are made for it.</typeparam>
internal sealed class ByteArrayEncoder<TForm>(ByteArrayColumnValues values, TForm form = default) : ColumnEncoder(values)
    where TForm : struct, IByteArrayWireForm
{
    internal override int RowBytes => LengthBytes;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Measure(Span<int> sizes)
    {
        var next = Value;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (!values.IsNull(Row + i))
            {
                sizes[i] = checked(sizes[i] + form.MostBytes(values[next++].Length));
            }
        }
    }

    internal override int MostBytes(int value) => LengthBytes + form.MostBytes(values[value].Length);

    internal override int Encode(int value, Span<byte> target) => Put(form, values[value], target, 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void EncodeValues(TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var ours = form;
        for (var i = 0; i < ends.Length; i++)
        {
            ends[i] = Put(ours, values[Value + i], bytes, ends[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override int EncodeRows(ReadOnlySpan<byte> levels, TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var ours = form;
        var next = Value;
        for (var i = 0; i < levels.Length && i < ends.Length; i++)
        {
            if (levels[i] != 0)
            {
                ends[i] = Put(ours, values[next++], bytes, ends[i]);
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes[ends[i]..], -1);
                ends[i] += LengthBytes;
            }
        }

        return next - Value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Put(TForm form, ReadOnlySpan<byte> value, Span<byte> bytes, int end)
    {
        var target = bytes[end..];
        var length = form.Write(value, target[LengthBytes..]);
        BinaryPrimitives.WriteInt32BigEndian(target, length);
        return end + LengthBytes + length;
    }
}
