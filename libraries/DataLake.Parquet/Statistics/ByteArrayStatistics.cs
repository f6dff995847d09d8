using System.Buffers.Binary;
using System.Runtime.CompilerServices;
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
    private readonly BoundedPrefix _chunkMin = new();
    private readonly BoundedPrefix _chunkMax = new();
    private bool _any;
    private bool _chunkAny;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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

            // Most values lie between the bounds by their first eight bytes, or the eight behind.
            var key = BoundedPrefix.KeyOf(value);
            if (key <= _min.Key && (key < _min.Key || BoundedPrefix.NextKeyOf(value) <= _min.NextKey)) Lower(value);
            if (key >= _max.Key && (key > _max.Key || BoundedPrefix.NextKeyOf(value) >= _max.NextKey)) Raise(value);
        }
    }

    public override void EndPage(PageIndexBuilder index)
    {
        if (!_any) return;
        var min = _min.IsCut ? BoundTruncation.Lower(_min.Span, _isText) : _min.Span;
        if (!_max.IsCut) index.AddBounds(min, _max.Span);
        else if (BoundTruncation.Upper(_max.Span, _isText) is { } max) index.AddBounds(min, max);

        // Of equal prefixes, the value that was not cut is the lower, the one that was is the higher.
        var order = _chunkAny ? _min.Span.SequenceCompareTo(_chunkMin.Span) : -1;
        if (order < 0 || (order == 0 && !_min.IsCut)) _chunkMin.CopyFrom(_min);
        order = _chunkAny ? _max.Span.SequenceCompareTo(_chunkMax.Span) : 1;
        if (order > 0 || (order == 0 && _max.IsCut)) _chunkMax.CopyFrom(_max);
        (_chunkAny, _any) = (true, false);
    }

    public override ColumnStatistics Build(long nullCount)
    {
        if (!_chunkAny) return new() { NullCount = nullCount };
        var min = _chunkMin.IsCut ? BoundTruncation.Lower(_chunkMin.Span, _isText) : _chunkMin.Span.ToArray();
        var max = _chunkMax.IsCut ? BoundTruncation.Upper(_chunkMax.Span, _isText) : _chunkMax.Span.ToArray();
        return new()
        {
            NullCount = nullCount,
            MinValue = min,
            IsMinExact = !_chunkMin.IsCut,
            MaxValue = max is null ? (ReadOnlyMemory<byte>?)null : max,
            IsMaxExact = max is null ? null : !_chunkMax.IsCut,
        };
    }

    public override void Reset() => _chunkAny = false;

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
