using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>Byte strings, of any or of one length. Values that share a dictionary entry share its bytes.</summary>
public sealed class ByteArrayColumnValues : ColumnValues
{
    private readonly int _fixedLength;

    // The dictionary's bytes first, the pages' behind it.
    private readonly PooledBuffer _data = new();
    private Part[] _values = [];
    private Part[] _dictionary = [];
    private int _dictionaryCount;
    private int _dictionaryBytes;

    internal ByteArrayColumnValues(ParquetColumn column)
        : base(column) => _fixedLength = column.FixedLength;

    /// <summary>The value at a place among those that are not null, in row order. Valid until the next page is read or this is disposed.</summary>
    public ReadOnlySpan<byte> this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get
        {
            var part = _values.AsSpan(0, ValueCount)[index];
            return _data.Span.Slice(part.Offset, part.Length);
        }
    }

    internal override int DictionaryCount => _dictionaryCount;

    internal override void SetDictionary(ReadOnlySpan<byte> plain, int count)
    {
        CheckRoom(plain.Length);
        CheckCount(plain.Length, count);
        if (_dictionary.Length < count) PooledArray.Grow(ref _dictionary, 0, count);
        Split(plain, _dictionary.AsSpan(0, count));
        _data.Append(plain);
        _dictionaryCount = count;
        _dictionaryBytes = _data.Length;
    }

    internal override void AddPlain(ReadOnlySpan<byte> plain, int count)
    {
        CheckRoom(plain.Length);
        CheckCount(plain.Length, count);
        Split(plain, Room(count));
        _data.Append(plain);
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

    private protected override void ClearValues() => _data.Truncate(_dictionaryBytes);

    private protected override void Release()
    {
        _data.Dispose();
        PooledArray.Return(ref _values);
        PooledArray.Return(ref _dictionary);
        (_dictionaryCount, _dictionaryBytes) = (0, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Split(ReadOnlySpan<byte> plain, Span<Part> parts)
    {
        var position = 0;
        var start = _data.Length;
        for (var i = 0; i < parts.Length; i++)
        {
            var length = _fixedLength;
            if (length == 0)
            {
                if (plain.Length - position < 4) throw TooShort(parts.Length);
                length = BinaryPrimitives.ReadInt32LittleEndian(plain[position..]);
                position += 4;
            }

            if (length < 0 || plain.Length - position < length) throw TooShort(parts.Length);
            parts[i] = new Part(start + position, length);
            position += length;
        }
    }

    private Span<Part> Room(int count)
    {
        if (_values.Length < (long)ValueCount + count) PooledArray.Grow(ref _values, ValueCount, Math.Max((long)ValueCount + count, 2L * ValueCount));
        return _values.AsSpan(ValueCount, count);
    }

    /// <summary>Before memory is set aside for <paramref name="count"/> values: every value takes a length or its own bytes.</summary>
    private void CheckCount(int bytes, int count)
    {
        if (bytes / (_fixedLength == 0 ? 4 : _fixedLength) < count) throw TooShort(count);
    }

    private void CheckRoom(int bytes)
    {
        if ((long)_data.Length + bytes > Array.MaxLength)
            throw new ParquetException(ParquetErrorKind.LimitExceeded, $"A chunk of column '{Column.Name}' holds more than 2 GiB; read it page by page.");
    }

    private readonly record struct Part(int Offset, int Length);
}
