using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

// A numeric as a decimal. Its display scale does not count: 1.5 and 1.50 are one number.

/// <summary>numeric(p,s) of up to 9 digits as a 32-bit decimal.</summary>
internal readonly struct NumericInt32SentForm(NumericForm form) : ISentForm<int>
{
    public static KeptForm Kept => KeptForm.Normalized;

    public static void Normalize(Span<byte> value) => NumericForm.ClearDisplayScale(value);

    public int Read(ReadOnlySpan<byte> value) => (int)form.ReadLong(value);
}

/// <summary>numeric(p,s) of up to 18 digits as a 64-bit decimal.</summary>
internal readonly struct NumericInt64SentForm(NumericForm form) : ISentForm<long>
{
    public static KeptForm Kept => KeptForm.Normalized;

    public static void Normalize(Span<byte> value) => NumericForm.ClearDisplayScale(value);

    public long Read(ReadOnlySpan<byte> value) => form.ReadLong(value);
}

/// <summary>numeric(p,s) of up to 38 digits as a decimal in the fewest bytes that hold p digits, big-endian two's complement.</summary>
internal sealed class NumericFixedDecoder(FixedLengthByteArrayColumnBuffer column, int length, NumericForm form) : ColumnDecoder(column)
{
    internal override KeptForm Form => KeptForm.Normalized;

    internal override void Normalize(Span<byte> value) => NumericForm.ClearDisplayScale(value);

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128BigEndian(bytes, form.ReadUnscaled(value));
        column.Append(bytes[^length..]);
    }
}
