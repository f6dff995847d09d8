using System.Buffers.Binary;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Statistics;

/// <summary>Bounds of byte strings, compared byte by byte without a sign, and cut to <see cref="BoundedPrefix.MaxLength"/> bytes.
/// Decimals of variable length compare by value; they get no bounds.</summary>
internal sealed class ByteArrayStatistics(ParquetColumn column) : StatisticsCollector
{
    private readonly bool _isText = column.LogicalType is { IsText: true };
    private readonly bool _hasBounds = column.LogicalType is not { Kind: LogicalTypeKind.Decimal };
    private readonly BoundedPrefix _min = new();
    private readonly BoundedPrefix _max = new();
    private bool _any;

    public override void Update(ReadOnlySpan<byte> plain, int count)
    {
        if (!_hasBounds) return;
        for (var i = 0; i < count; i++)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(plain);
            var value = plain.Slice(4, length);
            plain = plain[(4 + length)..];
            if (!_any)
            {
                _any = true;
                _min.Set(value);
                _max.Set(value);
                continue;
            }

            // Most values lie between the bounds by their first eight bytes.
            var key = BoundedPrefix.KeyOf(value);
            if (key <= _min.Key) Lower(value);
            if (key >= _max.Key) Raise(value);
        }
    }

    public override ColumnStatistics Build(long nullCount)
    {
        if (!_any) return new() { NullCount = nullCount };
        var min = _min.IsCut ? BoundTruncation.Lower(_min.Span, _isText) : _min.Span.ToArray();
        var max = _max.IsCut ? BoundTruncation.Upper(_max.Span, _isText) : _max.Span.ToArray();
        return new()
        {
            NullCount = nullCount,
            MinValue = min,
            IsMinExact = !_min.IsCut,
            MaxValue = max is null ? (ReadOnlyMemory<byte>?)null : max,
            IsMaxExact = max is null ? null : !_max.IsCut,
        };
    }

    public override void Reset() => _any = false;

    private void Lower(ReadOnlySpan<byte> value)
    {
        var order = Prefix(value).SequenceCompareTo(_min.Span);
        if (order < 0) _min.Set(value);
        else if (order == 0 && value.Length <= BoundedPrefix.MaxLength) _min.IsCut = false;
    }

    private void Raise(ReadOnlySpan<byte> value)
    {
        var order = Prefix(value).SequenceCompareTo(_max.Span);
        if (order > 0) _max.Set(value);
        else if (order == 0 && value.Length > BoundedPrefix.MaxLength) _max.IsCut = true;
    }

    private static ReadOnlySpan<byte> Prefix(ReadOnlySpan<byte> value) => value.Length > BoundedPrefix.MaxLength ? value[..BoundedPrefix.MaxLength] : value;
}
