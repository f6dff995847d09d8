using System.Numerics;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Hashing;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Encodings;

/// <summary>
/// Estimates how many different values a column chunk has that goes without a dictionary, by linear counting (Whang, Vander-Zanden and Taylor, 1990): each value sets a bit, and the share of those that
/// stay zero tells. Small pages bring too few values to see that these repeat; a whole chunk shows it, and the next one can have a dictionary.
/// </summary>
/// <param name="column">The column, or the element of a list.</param>
/// <param name="pageBytes">The usual size of a page: the bits take a thirty-second of it.</param>
internal sealed class DistinctSurvey(ParquetColumn column, int pageBytes)
{
    private readonly int _words = Math.Max(pageBytes / 32 / sizeof(ulong), 16);
    private ulong[] _bits = [];

    /// <summary>Whether values are looked at.</summary>
    public bool IsOpen => _bits.Length > 0;

    /// <summary>Values so far.</summary>
    public long Values { get; private set; }

    /// <summary>Their size in PLAIN encoding.</summary>
    public long PlainBytes { get; private set; }

    /// <summary>Starts with no values.</summary>
    public void Open()
    {
        Close();
        _bits = PooledArray.Rent<ulong>(_words);
        _bits.AsSpan(0, _words).Clear();
    }

    /// <summary>Takes note of the values of a page, in PLAIN encoding.</summary>
    public void Add(ReadOnlySpan<byte> plain, int count)
    {
        PlainHashes.Insert(column, plain, count, new Target(_bits, _words * 64));
        (Values, PlainBytes) = (Values + count, PlainBytes + plain.Length);
    }

    /// <summary>About how many values differ; infinite where more do than can be told apart.</summary>
    public double Different()
    {
        var bits = _words * 64.0;
        var zeros = bits;
        foreach (var word in _bits.AsSpan(0, _words)) zeros -= BitOperations.PopCount(word);
        return zeros == 0 ? double.PositiveInfinity : bits * Math.Log(bits / zeros);
    }

    /// <summary>Forgets the values, and gives the memory back.</summary>
    public void Close()
    {
        PooledArray.Return(ref _bits);
        (Values, PlainBytes) = (0, 0);
    }

    private readonly struct Target(ulong[] words, int bits) : IHashTarget
    {
        public void Insert(ulong hash)
        {
            var bit = (int)(((hash >> 32) * (ulong)bits) >> 32);
            words[bit >> 6] |= 1UL << (bit & 63);
        }
    }
}
