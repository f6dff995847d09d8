using System.Numerics;
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

    public override ColumnStatistics Build(long nullCount) => _any
        ? new() { NullCount = nullCount, MinValue = Bytes(_min), MaxValue = Bytes(_max), IsMinExact = true, IsMaxExact = true }
        : new() { NullCount = nullCount };

    public override void Reset() => (_any, _min, _max) = (false, T.MaxValue, T.MinValue);

    private static byte[] Bytes(T value) => MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)).ToArray();
}
