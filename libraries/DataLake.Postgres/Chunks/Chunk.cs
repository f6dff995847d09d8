namespace DataLake.Postgres.Chunks;

/// <summary>A part of a table that one connection reads. The chunks of a plan hold every row of it once.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Predicate">The SQL condition of its rows.</param>
public sealed record Chunk(int Number, string Predicate)
{
    /// <summary>The condition that holds for every row.</summary>
    public const string Everything = "TRUE";
}
