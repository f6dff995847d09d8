using System.Collections;
using System.Numerics;

namespace DataLake.Iceberg.Deletes;

/// <summary>Positions of rows in one data file: a bitmap in blocks, so that a set takes a bit a row where it has positions, and nothing elsewhere. Reading is safe from several threads.</summary>
/// <param name="rowCount">Rows of the file: positions are below it.</param>
public sealed class PositionSet(long rowCount) : IReadOnlyCollection<long>
{
    private const int BlockBits = 15;
    private const int WordsOfBlock = (1 << BlockBits) / 64;
    private ulong[]?[] blocks = [];

    /// <summary>Rows of the file.</summary>
    public long RowCount { get; } = rowCount >= 0 ? rowCount : throw IcebergException.Invalid($"A file has no {rowCount} rows.");

    /// <summary>How many positions.</summary>
    public long Count { get; private set; }

    int IReadOnlyCollection<long>.Count => checked((int)Count);

    /// <summary>Adds a position.</summary>
    /// <returns>False if it is there already, or the file has no such row: position deletes may name rows that are not there, and delete nothing then.</returns>
    public bool Add(long position)
    {
        if ((ulong)position >= (ulong)RowCount) return false;
        var block = (int)(position >> BlockBits);
        if (block >= blocks.Length) Array.Resize(ref blocks, (int)Math.Min(((RowCount - 1) >> BlockBits) + 1, Math.Max(block + 1L, blocks.Length * 2L)));
        ref var word = ref (blocks[block] ??= new ulong[WordsOfBlock])[(position >> 6) & (WordsOfBlock - 1)];
        var bit = 1UL << (int)(position & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        Count++;
        return true;
    }

    /// <summary>Adds the positions of another set.</summary>
    public void UnionWith(PositionSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        foreach (var position in other) Add(position);
    }

    /// <summary>Takes out the positions of another set.</summary>
    public void ExceptWith(PositionSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var block = 0; block < Math.Min(blocks.Length, other.blocks.Length); block++)
        {
            if (blocks[block] is not { } mine || other.blocks[block] is not { } theirs) continue;
            for (var word = 0; word < mine.Length; word++)
            {
                Count -= BitOperations.PopCount(mine[word] & theirs[word]);
                mine[word] &= ~theirs[word];
            }
        }
    }

    /// <summary>Whether a position is in the set.</summary>
    public bool Contains(long position)
    {
        var block = position >> BlockBits;
        return (ulong)block < (ulong)blocks.Length && blocks[block] is { } words && ((words[(position >> 6) & (WordsOfBlock - 1)] >> (int)(position & 63)) & 1) != 0;
    }

    /// <summary>The positions, rising.</summary>
    public IEnumerator<long> GetEnumerator()
    {
        for (var block = 0; block < blocks.Length; block++)
        {
            if (blocks[block] is not { } words) continue;
            for (var word = 0; word < words.Length; word++)
                for (var rest = words[word]; rest != 0; rest &= rest - 1) yield return ((long)block << BlockBits) + (word * 64L) + BitOperations.TrailingZeroCount(rest);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
