using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;

namespace DataLake.Parquet.Columns;

/// <summary>What the columns of one writer share: limits, and the working memory for the one page that is being closed.</summary>
internal sealed class PageWorkspace(
    PageCodec codec, int pageBytes, DictionaryBudget dictionaries, int maxValueBytes, IReadOnlyDictionary<string, BloomFilterOptions> bloomFilters) : IDisposable
{
    // What a single huge page may leave behind.
    private const int KeptBytes = 4 << 20;
    private int[] _indices = [];
    private byte[] _levels = [];
    private byte[] _marks = [];

    public PageCodec Codec { get; } = codec;

    /// <summary>Bytes of values before compression after which a page is closed.</summary>
    public int PageBytes { get; } = pageBytes;

    /// <summary>Rows after which a page is closed however small they are; bounds levels and indices.</summary>
    public int PageRows { get; } = Math.Clamp(pageBytes / 4, 1024, 256 * 1024);

    /// <summary>What dictionaries may take.</summary>
    public DictionaryBudget Dictionaries { get; } = dictionaries;

    /// <summary>The largest value, and the largest list.</summary>
    public int MaxValueBytes { get; } = maxValueBytes;

    /// <summary>The columns that get a Bloom filter, by name.</summary>
    public IReadOnlyDictionary<string, BloomFilterOptions> BloomFilters { get; } = bloomFilters;

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

    /// <summary>Repetition and definition levels of a page.</summary>
    public (Memory<byte> Repetition, Memory<byte> Definition) Levels(int count)
    {
        if (_levels.Length < 2L * count) PooledArray.Grow(ref _levels, 0, 2L * count);
        return (_levels.AsMemory(0, count), _levels.AsMemory(count, count));
    }

    /// <summary>As many zeros.</summary>
    public Span<byte> Marks(int count)
    {
        if (_marks.Length < count) PooledArray.Grow(ref _marks, 0, count);
        var marks = _marks.AsSpan(0, count);
        marks.Clear();
        return marks;
    }

    /// <summary>Lets go of what a page beyond the usual size needed.</summary>
    public void Shrink()
    {
        var most = Math.Max(KeptBytes, 2 * PageBytes);
        Body.Shrink(most);
        Compressed.Shrink(most);
    }

    public void Dispose()
    {
        PooledArray.Return(ref _levels);
        PooledArray.Return(ref _marks);
        Body.Dispose();
        Header.Dispose();
        Compressed.Dispose();
        Segments.Dispose();
        PooledArray.Return(ref _indices);
    }
}
