using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Statistics;

/// <summary>Bounds of byte strings of one length, kept whole: decimals compare as big-endian two's complement, all others byte by byte without a sign.</summary>
internal sealed class FixedLengthStatistics(ParquetColumn column) : StatisticsCollector
{
    private const int LongestInIndex = 1024;
    private readonly ulong _sign = column.LogicalType is { Kind: LogicalTypeKind.Decimal } ? 1UL << 63 : 0;
    private readonly byte[] _min = new byte[column.FixedLength];
    private readonly byte[] _max = new byte[column.FixedLength];
    private ulong _minKey;
    private ulong _maxKey;
    private bool _any;
    private readonly byte[] _chunkMin = new byte[column.FixedLength];
    private readonly byte[] _chunkMax = new byte[column.FixedLength];
    private bool _chunkAny;

    public override void Update(ReadOnlySpan<byte> plain, int count)
    {
        var length = _min.Length;
        for (var i = 0; i < count; i++)
        {
            var value = plain.Slice(i * length, length);

            // With its sign bit turned over, two's complement orders as unsigned bytes do.
            var key = BoundedPrefix.KeyOf(value) ^ _sign;
            if (!_any)
            {
                _any = true;
                (_minKey, _maxKey) = (key, key);
                value.CopyTo(_min);
                value.CopyTo(_max);
                continue;
            }

            if (key < _minKey || (key == _minKey && value.SequenceCompareTo(_min) < 0))
            {
                _minKey = key;
                value.CopyTo(_min);
            }

            if (key > _maxKey || (key == _maxKey && value.SequenceCompareTo(_max) > 0))
            {
                _maxKey = key;
                value.CopyTo(_max);
            }
        }
    }

    public override void EndPage(PageIndexBuilder index)
    {
        if (!_any) return;

        // A bound of one length cannot be cut; an index is to be small.
        if (column.FixedLength <= LongestInIndex) index.AddBounds(_min, _max);
        if (!_chunkAny || BoundOrder.Compare(column, _min, _chunkMin) < 0) _min.CopyTo(_chunkMin, 0);
        if (!_chunkAny || BoundOrder.Compare(column, _max, _chunkMax) > 0) _max.CopyTo(_chunkMax, 0);
        (_chunkAny, _any) = (true, false);
    }

    public override ColumnStatistics Build(long nullCount) => _chunkAny
        ? new() { NullCount = nullCount, MinValue = (byte[])_chunkMin.Clone(), MaxValue = (byte[])_chunkMax.Clone(), IsMinExact = true, IsMaxExact = true }
        : new() { NullCount = nullCount };

    public override void Reset() => _chunkAny = false;
}
