using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DataLake.Parquet.Metadata;

namespace DataLake.Parquet.Statistics;

/// <summary>Bounds of floats by the rules of TYPE_ORDER: NaNs are counted and otherwise left out, a lower bound of zero is written as -0.0 and
/// an upper one as +0.0, and a chunk of nothing but NaNs has no bounds. A bound of zero counts as exact though its sign may differ.</summary>
internal sealed class FloatingPointStatistics<T> : StatisticsCollector
    where T : unmanaged, IFloatingPointIeee754<T>
{
    private long _numbers;
    private long _nans;
    private T _min = T.PositiveInfinity;
    private T _max = T.NegativeInfinity;
    private long _chunkNumbers;
    private long _chunkNans;
    private T _chunkMin = T.PositiveInfinity;
    private T _chunkMax = T.NegativeInfinity;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Update(ReadOnlySpan<byte> plain, int count)
    {
        var values = MemoryMarshal.Cast<byte, T>(plain)[..count];
        var nans = 0L;
        var vectors = MemoryMarshal.Cast<T, Vector<T>>(values);
        if (!vectors.IsEmpty)
        {
            // A comparison with NaN is false, so that the bounds stay as they are.
            var (mins, maxs) = (new Vector<T>(_min), new Vector<T>(_max));
            foreach (ref readonly var vector in vectors)
            {
                mins = Vector.ConditionalSelect(Vector.LessThan(vector, mins), vector, mins);
                maxs = Vector.ConditionalSelect(Vector.GreaterThan(vector, maxs), vector, maxs);
                if (!Vector.EqualsAll(vector, vector))
                {
                    for (var i = 0; i < Vector<T>.Count; i++) nans += T.IsNaN(vector[i]) ? 1 : 0;
                }
            }

            for (var i = 0; i < Vector<T>.Count; i++) Include(mins[i], maxs[i]);
        }

        foreach (var value in values[(vectors.Length * Vector<T>.Count)..])
        {
            if (T.IsNaN(value)) nans++;
            else Include(value, value);
        }

        _nans += nans;
        _numbers += count - nans;
    }

    public override void EndPage(PageIndexBuilder index)
    {
        index.AddNans(_nans);
        if (_numbers > 0)
        {
            var (min, max) = (Low(_min), High(_max));
            index.AddBounds(MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in min)), MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in max)));
            if (_min < _chunkMin) _chunkMin = _min;
            if (_max > _chunkMax) _chunkMax = _max;
        }

        (_chunkNumbers, _chunkNans) = (_chunkNumbers + _numbers, _chunkNans + _nans);
        (_numbers, _nans, _min, _max) = (0, 0, T.PositiveInfinity, T.NegativeInfinity);
    }

    public override ColumnStatistics Build(long nullCount)
    {
        if (_chunkNumbers == 0) return new() { NullCount = nullCount, NanCount = _chunkNans };
        return new()
        {
            NullCount = nullCount,
            NanCount = _chunkNans,
            MinValue = Bytes(Low(_chunkMin)),
            MaxValue = Bytes(High(_chunkMax)),
            IsMinExact = true,
            IsMaxExact = true,
        };
    }

    public override void Reset() => (_chunkNumbers, _chunkNans, _chunkMin, _chunkMax) = (0, 0, T.PositiveInfinity, T.NegativeInfinity);

    private static T Low(T value) => T.IsZero(value) ? T.NegativeZero : value;

    private static T High(T value) => T.IsZero(value) ? T.Zero : value;

    private void Include(T low, T high)
    {
        if (low < _min) _min = low;
        if (high > _max) _max = high;
    }

    private static byte[] Bytes(T value) => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
