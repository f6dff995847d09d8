using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;

namespace DataLake.Parquet.Columns;

/// <summary>What the columns of one writer share: limits, and the working memory for the one page that is being closed.</summary>
internal sealed class PageWorkspace(PageCodec codec, int pageBytes, int dictionaryLimitBytes) : IDisposable
{
    private int[] _indices = [];

    public PageCodec Codec { get; } = codec;

    /// <summary>Bytes of values before compression after which a page is closed.</summary>
    public int PageBytes { get; } = pageBytes;

    /// <summary>Rows after which a page is closed however small they are; bounds levels and indices.</summary>
    public int PageRows { get; } = Math.Clamp(pageBytes / 4, 1024, 256 * 1024);

    /// <summary>The largest dictionary in bytes.</summary>
    public int DictionaryLimitBytes { get; } = dictionaryLimitBytes;

    public SegmentPool Segments { get; } = new();

    /// <summary>The body of the page before compression.</summary>
    public PooledBuffer Body { get; } = new();

    public PooledBuffer Header { get; } = new();

    public PooledBuffer Compressed { get; } = new();

    public Span<int> Indices(int count)
    {
        if (_indices.Length < count) PooledArray.Grow(ref _indices, 0, count);
        return _indices.AsSpan(0, count);
    }

    public void Dispose()
    {
        Body.Dispose();
        Header.Dispose();
        Compressed.Dispose();
        Segments.Dispose();
        PooledArray.Return(ref _indices);
    }
}
