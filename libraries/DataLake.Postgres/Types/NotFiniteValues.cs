using System.Buffers.Binary;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>Whether a value in its binary form is NaN or an infinity. Damaged values are not: their decoder says so.</summary>
internal delegate bool NotFiniteTest(ReadOnlySpan<byte> value);

/// <summary>How the types that have NaN or infinities write them.</summary>
internal static class NotFiniteValues
{
    public static bool IsNumeric(ReadOnlySpan<byte> value) => NumericForm.IsNotFinite(value);

    public static bool IsDate(ReadOnlySpan<byte> value) => value.Length == 4 && BinaryPrimitives.ReadInt32BigEndian(value) is int.MinValue or int.MaxValue;

    public static bool IsTimestamp(ReadOnlySpan<byte> value) => value.Length == 8 && BinaryPrimitives.ReadInt64BigEndian(value) is long.MinValue or long.MaxValue;
}

/// <summary>Leaves values out that are not finite.</summary>
internal sealed class FiniteDecoder(ColumnBuffer column, ColumnDecoder inner, NotFiniteTest isNotFinite) : ColumnDecoder(column)
{
    internal override KeptForm Form => KeptForm.Replaced;

    internal override void Decode(ReadOnlySpan<byte> value)
    {
        if (isNotFinite(value))
        {
            DecodeNull();
        }
        else
        {
            inner.Decode(value);
        }
    }

    internal override void WriteKept(Span<byte> value, TupleWriter tuple)
    {
        if (isNotFinite(value))
        {
            tuple.Null();
        }
        else
        {
            inner.WriteKept(value, tuple);
        }
    }
}
