namespace DataLake.Postgres.Chunks;

/// <summary>How a table is to be cut into chunks.</summary>
public abstract record ChunkRule
{
    private ChunkRule()
    {
    }

    /// <summary>Columns whose values must not be seen in a plan: no cut is made at one of them.</summary>
    public IReadOnlyCollection<string> Hidden { get; init; } = [];

    /// <summary>As many as its size and the connections make worth while, the last ones small: a connection that is done takes the next.</summary>
    public sealed record Automatic : ChunkRule;

    /// <summary>A given number of them, as even as can be known.</summary>
    /// <param name="Number">How many.</param>
    public sealed record Count(int Number) : ChunkRule;

    /// <summary>
    /// By ranges of a numeric column: <paramref name="Number"/> equal strides between the bounds. The bounds only place the cuts:
    /// rows below the lower one and without a value are in the first chunk, rows above the upper one in the last.
    /// </summary>
    /// <param name="Column">The column.</param>
    /// <param name="Lower">Where the first stride starts.</param>
    /// <param name="Upper">Where the last one ends.</param>
    /// <param name="Number">How many.</param>
    public sealed record Bounds(string Column, long Lower, long Upper, int Number) : ChunkRule;
}
