namespace DataLake.Postgres.Chunks;

/// <summary>Where chunks end, ascending; the last at the end of everything.</summary>
internal sealed record ChunkSizes(IReadOnlyList<double> Ends)
{
    /// <summary>Below this many pages (64 MiB) a chunk costs more than it brings: a query, and a file.</summary>
    private const double LeastPages = 8_192;

    /// <summary>No chunk need be smaller than this part of what one connection reads: by so much the connections can end apart.</summary>
    private const int LeastPart = 32;

    public int Number => Ends.Count;

    /// <summary>So many of equal size.</summary>
    public static ChunkSizes Equal(int number) => new([.. Enumerable.Range(1, number).Select(i => (double)i)]);

    /// <summary>
    /// Each half of what every connection would still have to read, so that the first are large, the last small, and connections that take them in turn end together
    /// (<see href="https://doi.org/10.1109/TC.1987.5009495">guided self-scheduling</see>).
    /// </summary>
    public static ChunkSizes Guided(double pages, int connections)
    {
        var ends = new List<double>();
        var least = Math.Max(LeastPages, pages / (LeastPart * connections));
        for (var end = 0.0; connections > 1 && pages - end >= 2 * least;)
        {
            end += Math.Max(least, (pages - end) / (2 * connections));
            ends.Add(end);
        }

        if (ends.Count == 0 || pages - ends[^1] >= least)
        {
            ends.Add(pages);
        }

        ends[^1] = pages;
        return new ChunkSizes(ends);
    }

    /// <summary>The same shares of another length.</summary>
    public ChunkSizes Of(double total) => new([.. Ends.Select((end, i) => i == Number - 1 ? total : end / Ends[^1] * total)]);
}
