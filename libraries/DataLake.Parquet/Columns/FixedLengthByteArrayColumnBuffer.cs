using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of byte strings of one length: UUIDs, decimals (big-endian two's complement).</summary>
public sealed class FixedLengthByteArrayColumnBuffer : BytesColumnBuffer
{
    private readonly int _fixedLength;

    internal FixedLengthByteArrayColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace) => _fixedLength = column.FixedLength;

    /// <summary>Appends a row; the bytes are copied.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: not of the column's length.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length != _fixedLength) throw WrongLength(value.Length);
        if (_data.Length - _length < value.Length) MakeRoom(value.Length);
        value.CopyTo(_data.AsSpan(_length));
        _length += value.Length;
        _count++;
    }

    private ParquetException WrongLength(int length) =>
        new(ParquetErrorKind.InvalidValue, $"Column '{Column.Name}' holds values of {_fixedLength} bytes and got one of {length}.");
}
