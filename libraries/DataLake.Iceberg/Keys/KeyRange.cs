using System.Runtime.InteropServices;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.Keys;

/// <summary>
/// The values that one column of a set of keys has, to tell what cannot hold any of them: whole numbers one by one, so that even keys from all over a table pass a page by; of text, bytes
/// and wide decimals the least and the greatest, and hashes to ask Bloom filters with. Or all whole numbers from one to another.
/// </summary>
internal sealed class KeyRange(PrimitiveType type)
{
    /// <summary>Memory a value takes: a number or a hash.</summary>
    public const int BytesOfOne = 8;

    private readonly List<long> numbers = [];
    private readonly List<ulong> hashes = [];
    private (Int128 Least, Int128 Greatest)? decimals;
    private (byte[] Least, byte[] Greatest)? bytes;
    private (long First, long Last)? all;

    /// <summary>All whole numbers from one to another, both included, of an int, a long, or a type of days or times.</summary>
    public static KeyRange Between(PrimitiveType type, long first, long last) => new(type) { all = (first, last) };

    public void Add(long number) => numbers.Add(number);

    public void Add(Int128 unscaled) => decimals = decimals is { } range ? (Int128.Min(range.Least, unscaled), Int128.Max(range.Greatest, unscaled)) : (unscaled, unscaled);

    public void Add(ReadOnlySpan<byte> value)
    {
        hashes.Add(XxHash64.Hash(value));
        if (bytes is not { } range)
        {
            var only = value.ToArray();
            bytes = (only, only);
        }
        else if (value.SequenceCompareTo(range.Least) < 0)
        {
            bytes = (value.ToArray(), range.Greatest);
        }
        else if (value.SequenceCompareTo(range.Greatest) > 0)
        {
            bytes = (range.Least, value.ToArray());
        }
    }

    /// <summary>To be called after the last value, before anything is asked.</summary>
    public void Seal()
    {
        numbers.Sort();

        // Decimals come as numbers out of narrow columns and as big ones out of wide columns; here they are all big.
        if (type.Id != TypeId.Decimal || numbers.Count == 0) return;
        Add((Int128)numbers[0]);
        Add((Int128)numbers[^1]);
        numbers.Clear();
    }

    public void Clear()
    {
        numbers.Clear();
        hashes.Clear();
        (decimals, bytes) = (null, null);
    }

    /// <summary>False when none of the values is within the bounds, which are single values in binary form; null for a bound that is not known.</summary>
    public bool MayContain(ReadOnlyMemory<byte>? lower, ReadOnlyMemory<byte>? upper)
    {
        switch (type.Id)
        {
            case TypeId.Int or TypeId.Long or TypeId.Date or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz or TypeId.TimestampNs or TypeId.TimestamptzNs:
                var least = lower is { } low ? SingleValueBinary.Read(type, low.Span).AsLong() : long.MinValue;
                var greatest = upper is { } high ? SingleValueBinary.Read(type, high.Span).AsLong() : long.MaxValue;
                if (all is var (first, last)) return greatest >= first && least <= last;
                var at = CollectionsMarshal.AsSpan(numbers).BinarySearch(least);
                if (at < 0) at = ~at;
                return at < numbers.Count && numbers[at] <= greatest;
            case TypeId.Decimal:
                return decimals is not { } range
                    || ((lower is null || SingleValueBinary.Read(type, lower.Value.Span).AsUnscaled() <= range.Greatest)
                        && (upper is null || SingleValueBinary.Read(type, upper.Value.Span).AsUnscaled() >= range.Least));
            default:
                return bytes is not { } texts
                    || ((lower is null || lower.Value.Span.SequenceCompareTo(texts.Greatest) <= 0)
                        && (upper is null || upper.Value.Span.SequenceCompareTo(texts.Least) >= 0));
        }
    }

    /// <summary>False when a chunk's Bloom filter has none of the values.</summary>
    public bool MayContain(SplitBlockBloomFilter filter)
    {
        // Decimals are stored in many ways, each with hashes of its own.
        if (type.Id is TypeId.Decimal or TypeId.Boolean || numbers.Count + hashes.Count == 0) return true;
        foreach (var hash in hashes)
            if (filter.MightContainHash(hash)) return true;
        var isNarrow = filter.Column.PhysicalType == PhysicalType.Int32;
        foreach (var number in numbers)
            if (isNarrow ? (int)number == number && filter.MightContain((int)number) : filter.MightContain(number)) return true;
        return false;
    }
}
