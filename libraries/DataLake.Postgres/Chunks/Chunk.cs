namespace DataLake.Postgres.Chunks;

/// <summary>A piece of a table that one connection reads. The chunks of a plan hold every row of it once.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Parts">Where its rows are: at least one part, no row in two.</param>
public sealed record Chunk(int Number, IReadOnlyList<ChunkPart> Parts)
{
    private const int MostShown = 3;

    /// <summary>About how many bytes the server keeps of its rows, or null where that is not known. Every chunk of a plan is given an equal part.</summary>
    public long? Bytes { get; init; }

    /// <summary>About how many rows it has, or null where that is not known. Every chunk of a plan is given an equal part.</summary>
    public double? Rows { get; init; }

    /// <summary>Its parts in words, for people.</summary>
    public override string ToString() =>
        string.Join("; ", Parts.Take(MostShown)) + (Parts.Count > MostShown ? $"; and {Parts.Count - MostShown} more" : "");
}
