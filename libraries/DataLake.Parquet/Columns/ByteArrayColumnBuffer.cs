using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of byte strings of any length: text (UTF-8, which is not checked here), JSON, raw bytes.</summary>
public sealed class ByteArrayColumnBuffer : BytesColumnBuffer
{
    internal ByteArrayColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    /// <summary>Appends a row; the bytes are copied.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: more than 1 GiB.</exception>
    public void Append(ReadOnlySpan<byte> value)
    {
        // Unsigned, because the sum overflows for the longest of spans.
        var needed = 4 + value.Length;
        if ((uint)(_data.Length - _length) < (uint)needed)
        {
            ThrowIfTooLong(value.Length);
            MakeRoom(needed);
        }

        ref var target = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_data), _length);
        Unsafe.WriteUnaligned(ref target, value.Length);
        value.CopyTo(_data.AsSpan(_length + 4));
        _length += needed;
        _count++;
    }

    private void ThrowIfTooLong(int length)
    {
        if (length > MaxValueLength)
            throw new ParquetException(ParquetErrorKind.InvalidValue, $"A value of {length:N0} bytes in column '{Column.Name}' is longer than 1 GiB.");
    }
}
