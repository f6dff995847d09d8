using System.Runtime.CompilerServices;
using DataLake.Parquet.Columns;

namespace DataLake.Postgres.Types;

/// <summary>Text and bytea: the bytes as they are. The server sends no text that is not UTF-8, not even from a database of encoding SQL_ASCII.</summary>
internal sealed class BytesDecoder(ByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Decode(ReadOnlySpan<byte> value) => column.Append(value);
}

/// <summary>jsonb: a version byte (1), then the document as text.</summary>
internal sealed class JsonbDecoder(ByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        if (value.IsEmpty || value[0] != 1)
        {
            throw new ColumnValueException("is jsonb of a version that is not known", isDamage: true);
        }

        column.Append(value[1..]);
    }
}

internal sealed class UuidDecoder(FixedLengthByteArrayColumnBuffer column) : ColumnDecoder(column)
{
    internal override void Decode(ReadOnlySpan<byte> value)
    {
        ColumnValueException.ThrowUnlessLength(value, 16);
        column.Append(value);
    }
}
