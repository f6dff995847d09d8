namespace DataLake.Pipelines.Definitions;

/// <summary>How one read is divided over several connections.</summary>
public abstract record ChunkingDefinition
{
    private ChunkingDefinition()
    {
    }

    /// <summary>The extractor decides, from the table's size and the source's connections.</summary>
    public sealed record Auto : ChunkingDefinition;

    /// <summary>So many chunks; the extractor decides where they begin.</summary>
    /// <param name="Chunks">How many, at least 1.</param>
    public sealed record Count(int Chunks) : ChunkingDefinition;

    /// <summary>
    /// Equal strides of a whole-number column. Rows outside the bounds belong to the first and the last chunk, so none is left out.
    /// </summary>
    /// <param name="Column">The column.</param>
    /// <param name="Lower">Where the first stride begins.</param>
    /// <param name="Upper">Where the last stride ends; more than <paramref name="Lower"/>.</param>
    /// <param name="Chunks">How many, at least 1.</param>
    public sealed record Bounds(string Column, long Lower, long Upper, int Chunks) : ChunkingDefinition;
}
