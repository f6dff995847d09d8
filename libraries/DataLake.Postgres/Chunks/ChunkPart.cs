using DataLake.Contracts;

namespace DataLake.Postgres.Chunks;

/// <summary>Rows of one relation.</summary>
/// <param name="Only">The relation, without those that inherit from it; null for the table itself with all that belongs to it.</param>
/// <param name="Predicate">The SQL condition of the rows.</param>
public sealed record ChunkPart(TableName? Only, string Predicate)
{
    /// <summary>The condition that holds for every row.</summary>
    public const string Everything = "TRUE";

    /// <inheritdoc/>
    public override string ToString() => Only is null ? Predicate : Predicate == Everything ? $"all of {Only}" : $"{Only} where {Predicate}";
}
