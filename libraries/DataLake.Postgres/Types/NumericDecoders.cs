using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>A numeric as a decimal. Its display scale does not count: 1.5 and 1.50 are one number.</summary>
internal abstract class NumericDecoder(ColumnBuffer column) : ColumnDecoder(column)
{
    internal override KeptForm Form => KeptForm.Normalized;

    internal override void Normalize(Span<byte> value) => NumericForm.ClearDisplayScale(value);
}

/// <summary>numeric(p,s) of up to 9 digits as a 32-bit decimal.</summary>
internal sealed class NumericInt32Decoder(Int32ColumnBuffer column, NumericForm form) : NumericDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value) => column.Append((int)form.ReadUnscaled(value));
}

/// <summary>numeric(p,s) of up to 18 digits as a 64-bit decimal.</summary>
internal sealed class NumericInt64Decoder(Int64ColumnBuffer column, NumericForm form) : NumericDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value) => column.Append((long)form.ReadUnscaled(value));
}

/// <summary>numeric(p,s) of up to 38 digits as a decimal in the fewest bytes that hold p digits, big-endian two's complement.</summary>
internal sealed class NumericFixedDecoder(FixedLengthByteArrayColumnBuffer column, int length, NumericForm form) : NumericDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128BigEndian(bytes, form.ReadUnscaled(value));
        column.Append(bytes[^length..]);
    }
}
