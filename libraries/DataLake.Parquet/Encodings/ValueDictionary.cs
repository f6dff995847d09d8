using DataLake.Parquet.Buffers;

namespace DataLake.Parquet.Encodings;

/// <summary>The different values of one column chunk, each with the number under which data pages refer to it. Reused from chunk to chunk; no allocation
/// once its arrays have grown.</summary>
internal abstract class ValueDictionary : IDisposable
{
    /// <summary>How many different values there are.</summary>
    public abstract int Count { get; }

    /// <summary>Their size in PLAIN encoding: the body of the dictionary page.</summary>
    public abstract int ByteLength { get; }

    /// <summary>Memory that the values and their index take, roughly.</summary>
    public long UsedBytes => ByteLength + (12L * Count);

    /// <summary>Looks up the <paramref name="count"/> values of <paramref name="plain"/> (PLAIN encoding) and adds those that are new.</summary>
    /// <returns>False when the dictionary would grow beyond <paramref name="limitBytes"/>; the values seen first may have been added.</returns>
    public abstract bool TryIndex(ReadOnlySpan<byte> plain, int count, Span<int> indices, int limitBytes);

    /// <summary>One value in PLAIN encoding.</summary>
    public abstract ReadOnlySpan<byte> PlainAt(int index);

    /// <summary>Appends the first <paramref name="count"/> values in PLAIN encoding.</summary>
    public abstract void AppendPlain(int count, PooledBuffer output);

    /// <summary>Forgets all values.</summary>
    public abstract void Clear();

    /// <summary>Gives the arrays back to the pool.</summary>
    public abstract void Dispose();
}
