namespace DataLake.Parquet.Encodings;

/// <summary>
/// Shares out what the dictionaries of one writer may take: each column has an amount of its own, and takes more where it needs it from what they have in common. Columns differ
/// much in that, and equal parts would leave the one without a dictionary for which it pays most.
/// </summary>
/// <param name="largest">Bytes of the largest dictionary.</param>
/// <param name="own">Bytes that each column may take in any case.</param>
/// <param name="shared">Bytes that all have in common besides.</param>
internal sealed class DictionaryBudget(int largest, int own, long shared)
{
    /// <summary>Whether there are dictionaries at all.</summary>
    public bool IsNone => largest == 0;

    /// <summary>Bytes to which a dictionary can grow now.</summary>
    /// <param name="taken">What it has taken of the shared part.</param>
    public int Limit(long taken) => (int)Math.Min(largest, own + taken + shared);

    /// <summary>Takes what a dictionary of this size needs of the shared part.</summary>
    /// <param name="bytes">Its size, within <see cref="Limit"/>.</param>
    /// <param name="taken">What it has taken already.</param>
    /// <returns>What it has taken now.</returns>
    public long Take(long bytes, long taken)
    {
        var more = Math.Max(0, bytes - own - taken);
        shared -= more;
        return taken + more;
    }

    /// <summary>Gives back what a dictionary has taken.</summary>
    public void GiveBack(long taken) => shared += taken;
}
