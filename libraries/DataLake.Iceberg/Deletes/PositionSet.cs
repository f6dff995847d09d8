using System.Collections;
using System.Numerics;

namespace DataLake.Iceberg.Deletes;

/// <summary>Positions of rows in one data file: a bitmap in blocks, so that a set takes a bit a row where it has positions, and nothing elsewhere. Reading is safe from several threads.</summary>
/// <param name="rowCount">Rows of the file: positions are below it.</param>
public sealed class PositionSet(long rowCount) : IReadOnlyCollection<long>
{
    /// <summary>Positions are handed over in groups of this many, two blocks each.</summary>
    internal const int GroupSize = 1 << 16;

    // No file has as many; a manifest that says so must not cost memory.
    private const long MostRows = 1L << 40;

    private const int BlockBits = 15;
    private const int WordsOfBlock = (1 << BlockBits) / 64;
    private ulong[]?[] blocks = [];

    /// <summary>Rows of the file.</summary>
    public long RowCount { get; } = rowCount is >= 0 and <= MostRows ? rowCount : throw IcebergException.Invalid($"A file has no {rowCount} rows.");

    /// <summary>How many positions.</summary>
    public long Count { get; private set; }

    int IReadOnlyCollection<long>.Count => checked((int)Count);

    /// <summary>Adds a position.</summary>
    /// <returns>False if it is there already, or the file has no such row: position deletes may name rows that are not there, and delete nothing then.</returns>
    public bool Add(long position)
    {
        if ((ulong)position >= (ulong)RowCount) return false;
        ref var word = ref WordOf(position);
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
        for (var block = 0; block < other.blocks.Length; block++)
        {
            if (other.blocks[block] is not { } words) continue;
            for (var word = 0; word < words.Length; word++) Add(((long)block << BlockBits) + (word * 64L), words[word]);
        }
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

    /// <summary>Groups up to the last one that has a position, or a few more.</summary>
    internal int GroupCount => (blocks.Length + 1) / 2;

    /// <summary>How many positions a group has.</summary>
    internal int CountOf(int group) => CountOfBlock(group * 2) + CountOfBlock((group * 2) + 1);

    /// <summary>Copies a group as a bitmap, the least position in the lowest bit.</summary>
    internal void CopyTo(int group, Span<ulong> words)
    {
        for (var half = 0; half < 2; half++)
        {
            var target = words.Slice(half * WordsOfBlock, WordsOfBlock);
            if ((group * 2) + half < blocks.Length && blocks[(group * 2) + half] is { } block) block.CopyTo(target);
            else target.Clear();
        }
    }

    /// <summary>Adds 64 positions at once: those whose bit is set.</summary>
    /// <param name="first">The position of the lowest bit, a multiple of 64.</param>
    /// <param name="bits">The bits; those of rows that the file does not have are left out.</param>
    internal void Add(long first, ulong bits)
    {
        if (bits == 0 || first >= RowCount) return;
        if (RowCount - first < 64) bits &= (1UL << (int)(RowCount - first)) - 1;
        ref var word = ref WordOf(first);
        Count += BitOperations.PopCount(bits & ~word);
        word |= bits;
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

    private ref ulong WordOf(long position)
    {
        var block = (int)(position >> BlockBits);
        if (block >= blocks.Length) Array.Resize(ref blocks, (int)Math.Min(((RowCount - 1) >> BlockBits) + 1, Math.Max(block + 1L, blocks.Length * 2L)));
        return ref (blocks[block] ??= new ulong[WordsOfBlock])[(position >> 6) & (WordsOfBlock - 1)];
    }

    private int CountOfBlock(int block)
    {
        var count = 0;
        if (block < blocks.Length && blocks[block] is { } words)
            foreach (var word in words) count += BitOperations.PopCount(word);
        return count;
    }
}
