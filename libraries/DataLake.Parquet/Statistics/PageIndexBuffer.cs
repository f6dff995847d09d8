using DataLake.Parquet.Buffers;
using DataLake.Parquet.Thrift;

namespace DataLake.Parquet.Statistics;

/// <summary>The page indexes of all chunks of a file, kept until its end: first all column indexes, then all offset indexes, as PageIndex.md has them.</summary>
internal sealed class PageIndexBuffer : IDisposable
{
    private readonly PooledBuffer _columnIndexes = new(4096);
    private readonly PooledBuffer _offsetIndexes = new(4096);
    private readonly List<(int ColumnIndex, int OffsetIndex)> _lengths = [];
    private readonly ThriftCompactWriter _columnWriter;
    private readonly ThriftCompactWriter _offsetWriter;

    public PageIndexBuffer() => (_columnWriter, _offsetWriter) = (new(_columnIndexes), new(_offsetIndexes));

    public ReadOnlyMemory<byte> ColumnIndexes => _columnIndexes.Memory;

    public ReadOnlyMemory<byte> OffsetIndexes => _offsetIndexes.Memory;

    /// <summary>For every chunk in the order in which they were added: the bytes of its indexes; 0 for none.</summary>
    public IReadOnlyList<(int ColumnIndex, int OffsetIndex)> Lengths => _lengths;

    /// <summary>Takes in the indexes of the next chunk.</summary>
    public void Add(PageIndexBuilder chunk, long firstPage)
    {
        var (column, offset) = (_columnIndexes.Length, _offsetIndexes.Length);
        chunk.TryWriteColumnIndex(_columnWriter);
        chunk.WriteOffsetIndex(firstPage, _offsetWriter);
        _lengths.Add((_columnIndexes.Length - column, _offsetIndexes.Length - offset));
    }

    public void Dispose()
    {
        _columnIndexes.Dispose();
        _offsetIndexes.Dispose();
    }
}
