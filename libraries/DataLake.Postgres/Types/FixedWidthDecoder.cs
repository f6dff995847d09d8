using System.Runtime.CompilerServices;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>The binary form of a type whose values become numbers or booleans in Parquet.</summary>
/// <typeparam name="T">The stored type.</typeparam>
internal interface ISentForm<T>
{
    /// <summary>What a receipt counts of a value.</summary>
    static virtual KeptForm Kept => KeptForm.AsSent;

    /// <inheritdoc cref="ColumnDecoder.Normalize"/>
    static virtual void Normalize(Span<byte> value)
    {
    }

    /// <summary>Reads a value as the server sent it.</summary>
    /// <exception cref="ColumnValueException">The value cannot be kept, or is not of the type's form.</exception>
    T Read(ReadOnlySpan<byte> value);
}

/// <summary>Makes decoders of numbers and booleans.</summary>
internal static class FixedWidthDecoder
{
    public static ColumnDecoder Of<T, TForm>(FixedWidthColumnBuffer<T> column, TForm form)
        where T : unmanaged
        where TForm : struct, ISentForm<T> => new FixedWidthDecoder<T, TForm>(column, form);
}

/// <summary>Numbers and booleans.</summary>
/// <typeparam name="T">The stored type.</typeparam>
/// <typeparam name="TForm">The binary form: a structure, so that the loop below is made for it.</typeparam>
internal sealed class FixedWidthDecoder<T, TForm>(FixedWidthColumnBuffer<T> column, TForm form) : ColumnDecoder(column)
    where T : unmanaged
    where TForm : struct, ISentForm<T>
{
    internal override KeptForm Form => TForm.Kept;

    internal override void Normalize(Span<byte> value) => TForm.Normalize(value);

    internal override void Decode(ReadOnlySpan<byte> value) => column.Append(form.Read(value));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void DecodeRows(Fields fields, ref int row)
    {
        var ours = form;
        var target = column;
        for (row = 0; row < fields.Count; row++)
        {
            if (fields.TryGet(row, out var value))
            {
                target.Append(ours.Read(value));
                TForm.Normalize(value);
            }
            else
            {
                target.AppendNull();
            }
        }
    }
}
