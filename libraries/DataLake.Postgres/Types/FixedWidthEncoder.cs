using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DataLake.Parquet.Reading;

namespace DataLake.Postgres.Types;

/// <summary>The binary form of a type whose values are numbers or booleans in Parquet.</summary>
/// <typeparam name="T">The stored type.</typeparam>
internal interface IWireForm<T>
{
    /// <summary>The most bytes that a value takes.</summary>
    int MostBytes { get; }

    /// <summary>Writes a value and returns how many bytes it took.</summary>
    /// <param name="value">The value as it is stored.</param>
    /// <param name="target"><see cref="MostBytes"/>, of which those behind the value may be overwritten.</param>
    int Write(T value, Span<byte> target);
}

/// <summary>Makes encoders of numbers and booleans.</summary>
internal static class FixedWidthEncoder
{
    public static ColumnEncoder Of<T, TForm>(FixedWidthColumnValues<T> values, TForm form)
        where T : unmanaged
        where TForm : struct, IWireForm<T> => new FixedWidthEncoder<T, TForm>(values, form);
}

/// <summary>Numbers and booleans.</summary>
/// <typeparam name="T">The stored type.</typeparam>
/// <typeparam name="TForm">The binary form: a structure, so that the loops below are made for it.</typeparam>
internal sealed class FixedWidthEncoder<T, TForm>(FixedWidthColumnValues<T> values, TForm form) : ColumnEncoder(values)
    where T : unmanaged
    where TForm : struct, IWireForm<T>
{
    internal override int RowBytes => LengthBytes + form.MostBytes;

    internal override int MostBytes(int value) => RowBytes;

    internal override int Encode(int value, Span<byte> target) => Put(form, values.Values[value], target, 0);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void EncodeValues(TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var ours = form;
        var source = values.Values.Slice(Value, ends.Length);
        for (var i = 0; i < source.Length && i < ends.Length; i++)
        {
            ends[i] = Put(ours, source[i], bytes, ends[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override int EncodeRows(ReadOnlySpan<byte> levels, TupleBatch batch)
    {
        var bytes = batch.Bytes;
        var ends = batch.Ends;
        var ours = form;
        var source = values.Values[Value..];
        var next = 0;
        for (var i = 0; i < levels.Length && i < ends.Length; i++)
        {
            if (levels[i] != 0)
            {
                ends[i] = Put(ours, source[next++], bytes, ends[i]);
            }
            else
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes[ends[i]..], -1);
                ends[i] += LengthBytes;
            }
        }

        return next;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Put(TForm form, T value, Span<byte> bytes, int end)
    {
        var target = bytes.Slice(end, LengthBytes + form.MostBytes);
        var length = form.Write(value, target[LengthBytes..]);
        BinaryPrimitives.WriteInt32BigEndian(target, length);
        return end + LengthBytes + length;
    }
}
