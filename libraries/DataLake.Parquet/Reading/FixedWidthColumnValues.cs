using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>Numbers or booleans.</summary>
/// <typeparam name="T">bool, int, long, float or double, by the column's physical type.</typeparam>
public sealed class FixedWidthColumnValues<T> : ColumnValues
    where T : unmanaged
{
    private T[] _values = [];
    private T[] _dictionary = [];
    private int _dictionaryCount;

    internal FixedWidthColumnValues(ParquetColumn column)
        : base(column)
    {
    }

    /// <summary>The values that are not null, in row order. Valid until the next page is read or this is disposed.</summary>
    public ReadOnlySpan<T> Values => _values.AsSpan(0, ValueCount);

    internal override int DictionaryCount => _dictionaryCount;

    internal override void SetDictionary(ReadOnlySpan<byte> plain, int count)
    {
        if (plain.Length / Unsafe.SizeOf<T>() < count) throw TooShort(count);
        if (_dictionary.Length < count) PooledArray.Grow(ref _dictionary, 0, count);
        MemoryMarshal.Cast<byte, T>(plain)[..count].CopyTo(_dictionary);
        _dictionaryCount = count;
    }

    internal override void AddPlain(ReadOnlySpan<byte> plain, int count)
    {
        if (plain.Length / Unsafe.SizeOf<T>() < count) throw TooShort(count);
        MemoryMarshal.Cast<byte, T>(plain)[..count].CopyTo(Room(count));
        ValueCount += count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void AddIndices(ReadOnlySpan<int> indices)
    {
        var target = Room(indices.Length);
        var dictionary = _dictionary.AsSpan(0, _dictionaryCount);
        for (var i = 0; i < indices.Length; i++) target[i] = dictionary[indices[i]];
        ValueCount += indices.Length;
    }

    private protected override void ClearValues()
    {
    }

    private protected override void Release()
    {
        PooledArray.Return(ref _values);
        PooledArray.Return(ref _dictionary);
        _dictionaryCount = 0;
    }

    private Span<T> Room(int count)
    {
        if (_values.Length < (long)ValueCount + count) PooledArray.Grow(ref _values, ValueCount, Math.Max((long)ValueCount + count, 2L * ValueCount));
        return _values.AsSpan(ValueCount, count);
    }
}
