using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Metadata;

namespace DataLake.Parquet.Statistics;

/// <summary>Bounds of integers, compared as <typeparamref name="T"/>: with or without a sign.</summary>
internal sealed class IntegerStatistics<T> : StatisticsCollector
    where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
{
    private bool _any;
    private T _min = T.MaxValue;
    private T _max = T.MinValue;
    private bool _chunkAny;
    private T _chunkMin = T.MaxValue;
    private T _chunkMax = T.MinValue;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Update(ReadOnlySpan<byte> plain, int count)
    {
        var values = MemoryMarshal.Cast<byte, T>(plain)[..count];
        if (values.IsEmpty) return;
        _any = true;
        var vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        if (!vectors.IsEmpty)
        {
            var (mins, maxs) = (new Vector<T>(_min), new Vector<T>(_max));
            foreach (ref readonly var vector in vectors)
            {
                mins = Vector.Min(mins, vector);
                maxs = Vector.Max(maxs, vector);
            }

            for (var i = 0; i < Vector<T>.Count; i++)
            {
                _min = T.Min(_min, mins[i]);
                _max = T.Max(_max, maxs[i]);
            }
        }

        foreach (var value in values[(vectors.Length * Vector<T>.Count)..])
        {
            _min = T.Min(_min, value);
            _max = T.Max(_max, value);
        }
    }

    public override void EndPage(PageIndexBuilder index)
    {
        if (!_any) return;
        index.AddBounds(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in _min)), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in _max)));
        (_chunkAny, _chunkMin, _chunkMax) = (true, T.Min(_chunkMin, _min), T.Max(_chunkMax, _max));
        (_any, _min, _max) = (false, T.MaxValue, T.MinValue);
    }

    public override ColumnStatistics Build(long nullCount) => _chunkAny
        ? new() { NullCount = nullCount, MinValue = Bytes(_chunkMin), MaxValue = Bytes(_chunkMax), IsMinExact = true, IsMaxExact = true }
        : new() { NullCount = nullCount };

    public override void Reset() => (_chunkAny, _chunkMin, _chunkMax) = (false, T.MaxValue, T.MinValue);

    private static byte[] Bytes(T value) => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
