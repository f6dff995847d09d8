using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;

namespace DataLake.Parquet.Reading;

/// <summary>What the columns of one reader share: the working memory for the one page that is being decoded. With 1,600 columns open at once, a set for each would be most of their memory.</summary>
internal sealed class DecodeWorkspace : IDisposable
{
    private readonly Dictionary<CompressionCodec, PageCodec> _codecs = [];
    private byte[] _levels = [];
    private int[] _indices = [];

    /// <summary>The body of the page after decompression.</summary>
    public PooledBuffer Body { get; } = new();

    public PageCodec Codec(CompressionCodec codec) => _codecs.TryGetValue(codec, out var known) ? known : _codecs[codec] = PageCodec.Create(codec);

    /// <summary>Levels of a page, or its booleans: one byte each.</summary>
    public Span<byte> Levels(long count)
    {
        if (_levels.Length < count) PooledArray.Grow(ref _levels, 0, count);
        return _levels.AsSpan(0, (int)count);
    }

    public Span<int> Indices(int count)
    {
        if (_indices.Length < count) PooledArray.Grow(ref _indices, 0, count);
        return _indices.AsSpan(0, count);
    }

    /// <summary>Lets go of what a page beyond the usual size needed.</summary>
    public void Shrink() => Body.Shrink(PooledArray.LargestPooled);

    public void Dispose()
    {
        Body.Dispose();
        PooledArray.Return(ref _levels);
        PooledArray.Return(ref _indices);
    }
}
