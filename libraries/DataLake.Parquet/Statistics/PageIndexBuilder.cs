using DataLake.Parquet.Buffers;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Statistics;

/// <summary>Gathers the column index and offset index of one chunk
/// (<see href="https://github.com/apache/parquet-format/blob/master/PageIndex.md">PageIndex.md</see>).</summary>
/// <param name="leaf">The column, or the element of a list.</param>
internal sealed class PageIndexBuilder(ParquetColumn leaf)
{
    private const int InitialPages = 8;

    // Lower and upper bound of one page after another.
    private byte[] _bounds = [];
    private int _boundsLength;
    private Page[] _pages = [];
    private int _count;
    private long _rows;
    private bool _everyPageHasBounds = true;

    // The page that ends next, and the last one before it that has bounds.
    private Bounds? _open;
    private long _openNans;
    private Bounds? _previous;
    private bool _isAscending = true;
    private bool _isDescending = true;

    /// <summary>Bytes held.</summary>
    public long UsedBytes => _boundsLength + (40L * _count);

    /// <summary>Notes the bounds of the page that ends next. A page with values and without bounds leaves the chunk without a column index.</summary>
    public void AddBounds(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max)
    {
        var end = _boundsLength + min.Length + max.Length;
        if (end > _bounds.Length) PooledArray.Grow(ref _bounds, _boundsLength, Math.Max(end, 2L * _bounds.Length));
        min.CopyTo(_bounds.AsSpan(_boundsLength));
        max.CopyTo(_bounds.AsSpan(_boundsLength + min.Length));
        _open = new Bounds(_boundsLength, min.Length, max.Length);
        _boundsLength = end;
    }

    /// <summary>Notes how many values of the page that ends next are NaN.</summary>
    public void AddNans(long count) => _openNans = count;

    /// <summary>Ends a page.</summary>
    /// <param name="rows">Its rows.</param>
    /// <param name="values">Its values that are not null.</param>
    /// <param name="nulls">Its other entries.</param>
    /// <param name="size">Its bytes in the file, header included.</param>
    public void EndPage(int rows, int values, int nulls, int size)
    {
        if (values > 0 && _open is null) _everyPageHasBounds = false;
        if (_open is { } open)
        {
            if (_previous is { } previous) Compare(previous, open);
            _previous = open;
        }

        if (_count == _pages.Length) PooledArray.Grow(ref _pages, _count, Math.Max(InitialPages, 2L * _count));
        _pages[_count++] = new Page(_rows, size, nulls, _openNans, _open);
        _rows += rows;
        (_open, _openNans) = (null, 0);
    }

    /// <summary>Appends <c>struct OffsetIndex</c>.</summary>
    /// <param name="firstPage">The file offset of the first data page.</param>
    /// <param name="writer">Where to.</param>
    public void WriteOffsetIndex(long firstPage, ThriftCompactWriter writer)
    {
        writer.BeginStruct();
        writer.ListField(1, ThriftType.Struct, _count);
        foreach (ref readonly var page in _pages.AsSpan(0, _count))
        {
            writer.BeginStruct();
            writer.I64Field(1, firstPage);
            writer.I32Field(2, page.Size);
            writer.I64Field(3, page.FirstRow);
            writer.EndStruct();
            firstPage += page.Size;
        }

        writer.EndStruct();
    }

    /// <summary>Appends <c>struct ColumnIndex</c>, or nothing when there is a page whose bounds are not known.</summary>
    /// <returns>Whether there is a column index.</returns>
    public bool TryWriteColumnIndex(ThriftCompactWriter writer)
    {
        if (!_everyPageHasBounds) return false;
        var pages = _pages.AsSpan(0, _count);
        writer.BeginStruct();
        writer.ListField(1, ThriftType.True, _count);
        foreach (ref readonly var page in pages) writer.BoolElement(page.Bounds is null);
        writer.ListField(2, ThriftType.Binary, _count);
        foreach (ref readonly var page in pages) writer.BinaryElement(page.Bounds is { } bounds ? Min(bounds) : []);
        writer.ListField(3, ThriftType.Binary, _count);
        foreach (ref readonly var page in pages) writer.BinaryElement(page.Bounds is { } bounds ? Max(bounds) : []);
        writer.I32Field(4, (int)(_isAscending ? BoundaryOrder.Ascending : _isDescending ? BoundaryOrder.Descending : BoundaryOrder.Unordered));
        writer.ListField(5, ThriftType.I64, _count);
        foreach (ref readonly var page in pages) writer.I64Element(page.Nulls);
        if (leaf.PhysicalType is PhysicalType.Float or PhysicalType.Double)
        {
            writer.ListField(8, ThriftType.I64, _count);
            foreach (ref readonly var page in pages) writer.I64Element(page.Nans);
        }

        writer.EndStruct();
        return true;
    }

    /// <summary>Starts the next chunk.</summary>
    public void Reset()
    {
        _boundsLength = 0;
        (_count, _rows, _everyPageHasBounds) = (0, 0, true);
        (_open, _previous, _isAscending, _isDescending) = (null, null, true, true);
    }

    /// <summary>Gives all memory back.</summary>
    public void Release()
    {
        Reset();
        PooledArray.Return(ref _bounds);
        PooledArray.Return(ref _pages);
    }

    private void Compare(Bounds previous, Bounds next)
    {
        if (!_isAscending && !_isDescending) return;
        var (min, max) = (BoundOrder.Compare(leaf, Min(previous), Min(next)), BoundOrder.Compare(leaf, Max(previous), Max(next)));
        _isAscending &= min <= 0 && max <= 0;
        _isDescending &= min >= 0 && max >= 0;
    }

    private ReadOnlySpan<byte> Min(Bounds bounds) => _bounds.AsSpan(bounds.Offset, bounds.MinLength);

    private ReadOnlySpan<byte> Max(Bounds bounds) => _bounds.AsSpan(bounds.Offset + bounds.MinLength, bounds.MaxLength);

    private readonly record struct Bounds(int Offset, int MinLength, int MaxLength);

    private readonly record struct Page(long FirstRow, int Size, int Nulls, long Nans, Bounds? Bounds);
}
