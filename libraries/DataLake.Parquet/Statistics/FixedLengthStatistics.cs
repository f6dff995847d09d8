using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Statistics;

/// <summary>Bounds of byte strings of one length, kept whole: decimals compare as big-endian two's complement, all others byte by byte without a sign.</summary>
internal sealed class FixedLengthStatistics(ParquetColumn column) : StatisticsCollector
{
    private readonly ulong _sign = column.LogicalType is { Kind: LogicalTypeKind.Decimal } ? 1UL << 63 : 0;
    private readonly byte[] _min = new byte[column.FixedLength];
    private readonly byte[] _max = new byte[column.FixedLength];
    private ulong _minKey;
    private ulong _maxKey;
    private bool _any;

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

    public override ColumnStatistics Build(long nullCount) => _any
        ? new() { NullCount = nullCount, MinValue = (byte[])_min.Clone(), MaxValue = (byte[])_max.Clone(), IsMinExact = true, IsMaxExact = true }
        : new() { NullCount = nullCount };

    public override void Reset() => _any = false;
}
