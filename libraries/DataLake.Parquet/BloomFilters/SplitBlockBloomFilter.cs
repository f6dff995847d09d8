using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.BloomFilters;

/// <summary>Says of a value that it is not in a column chunk, or that it may be: a split block Bloom filter
/// (<see href="https://github.com/apache/parquet-format/blob/master/BloomFilter.md">BloomFilter.md</see>).</summary>
public sealed class SplitBlockBloomFilter
{
    /// <summary>Bytes of a block: eight words, in each of which a value sets one bit.</summary>
    internal const int BlockBytes = 32;

    private static readonly Vector256<uint> Salt = Vector256.Create(
        0x47b6137bU, 0x44974d91U, 0x8824ad5bU, 0xa2b7289dU, 0x705495c7U, 0x2df1424bU, 0x9efc4947U, 0x5c6bfb31U);

    private readonly uint[] _words;
    private int _wordCount;

    /// <param name="column">The column, or the element of a list.</param>
    /// <param name="bytes">A multiple of the block size.</param>
    internal SplitBlockBloomFilter(ParquetColumn column, int bytes)
    {
        Column = column;
        _words = new uint[bytes / sizeof(uint)];
        _wordCount = _words.Length;
    }

    /// <summary>The column whose values the filter knows; of a list, its elements.</summary>
    public ParquetColumn Column { get; }

    /// <summary>Bytes of the bit set.</summary>
    public int ByteLength => _wordCount * sizeof(uint);

    internal Span<byte> Bits => MemoryMarshal.AsBytes(_words.AsSpan(0, _wordCount));

    /// <summary>False when no row has this value.</summary>
    /// <param name="value">In PLAIN encoding: numbers little-endian, byte arrays without their length.</param>
    public bool MightContain(ReadOnlySpan<byte> value) => Has(XxHash64.Hash(value));

    /// <summary>False when no row of an INT32 column has this value.</summary>
    public bool MightContain(int value) => Has(XxHash64.Hash((uint)value));

    /// <summary>False when no row of an INT64 column has this value.</summary>
    public bool MightContain(long value) => Has(XxHash64.Hash((ulong)value));

    /// <summary>False when no row has a value of this hash.</summary>
    /// <param name="hash"><see cref="XxHash64"/> of the value in PLAIN encoding, for callers that ask many filters for the same value.</param>
    public bool MightContainHash(ulong hash) => Has(hash);

    internal void Insert(ulong hash)
    {
        var block = _words.AsSpan(Block(hash), 8);
        (Vector256.Create<uint>(block) | Mask((uint)hash)).CopyTo(block);
    }

    /// <summary>Adds values in PLAIN encoding.</summary>
    internal void Insert(ReadOnlySpan<byte> plain, int count) => PlainHashes.Insert(Column, plain, count, new Target(this));

    /// <summary>
    /// Halves the filter as long as it keeps the rate. A value's block is chosen by the high bits of its hash, so that with a power of two of blocks, blocks
    /// 2i and 2i + 1 become block i of a filter of half the size.
    /// </summary>
    internal void Fold(double falsePositiveRate)
    {
        while (_wordCount > 8 && RateIfFolded() <= falsePositiveRate)
        {
            for (var word = 0; word < _wordCount / 2; word++) _words[word] = Folded(word);
            _wordCount /= 2;
        }
    }

    internal void Clear()
    {
        _words.AsSpan().Clear();
        _wordCount = _words.Length;
    }

    /// <summary>An absent value looks present where all eight of its bits are set: the product of the words' shares of set bits, averaged over blocks.</summary>
    private double RateIfFolded()
    {
        var sum = 0.0;
        for (var block = 0; block < _wordCount / 2; block += 8)
        {
            var product = 1.0;
            for (var word = block; word < block + 8; word++) product *= BitOperations.PopCount(Folded(word)) / 32.0;
            sum += product;
        }

        return sum / (_wordCount / 16.0);
    }

    private uint Folded(int word)
    {
        var pair = (word & ~7) * 2;
        return _words[pair + (word & 7)] | _words[pair + 8 + (word & 7)];
    }

    private bool Has(ulong hash)
    {
        var mask = Mask((uint)hash);
        return (Vector256.Create<uint>(_words.AsSpan(Block(hash), 8)) & mask) == mask;
    }

    private int Block(ulong hash) => (int)(((hash >> 32) * (ulong)(_wordCount / 8)) >> 32) * 8;

    private static Vector256<uint> Mask(uint key)
    {
        var bits = (Vector256.Create(key) * Salt) >>> 27;
        if (System.Runtime.Intrinsics.X86.Avx2.IsSupported) return System.Runtime.Intrinsics.X86.Avx2.ShiftLeftLogicalVariable(Vector256<uint>.One, bits);
        Span<uint> words = stackalloc uint[8];
        for (var i = 0; i < 8; i++) words[i] = 1U << (int)bits[i];
        return Vector256.Create<uint>(words);
    }

    private readonly struct Target(SplitBlockBloomFilter filter) : IHashTarget
    {
        public void Insert(ulong hash) => filter.Insert(hash);
    }
}
