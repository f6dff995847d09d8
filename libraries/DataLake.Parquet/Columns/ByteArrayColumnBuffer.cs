using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of byte strings of any length: text (UTF-8, which is not checked here), JSON, raw bytes.</summary>
public sealed class ByteArrayColumnBuffer : BytesColumnBuffer
{
    private readonly int _mostBytes;

    internal ByteArrayColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace) => _mostBytes = workspace.MaxValueBytes;

    /// <summary>Appends a row; the bytes are copied.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: more than <c>MaxValueBytes</c>.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length > _mostBytes) throw TooLong(value.Length);
        var needed = 4 + value.Length;
        if (_data.Length - _length < needed) MakeRoom(needed);
        ref var target = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_data), _length);
        Unsafe.WriteUnaligned(ref target, value.Length);
        value.CopyTo(_data.AsSpan(_length + 4));
        _length += needed;
        _count++;
    }

    private ParquetException TooLong(int length) => new(
        ParquetErrorKind.InvalidValue, $"A value of {length:N0} bytes in column '{Column.Name}' is longer than {_mostBytes:N0}; raise MaxValueBytes to write it, which costs memory.");
}
