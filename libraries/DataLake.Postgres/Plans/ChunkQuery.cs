using DataLake.Contracts;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Plans;

/// <summary>The query that reads one chunk.</summary>
public static class ChunkQuery
{
    /// <summary>Its SQL. The columns are the mappings', in their order.</summary>
    public static string Of(TableName table, IEnumerable<ColumnMapping> mappings, Chunk chunk)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(mappings);
        ArgumentNullException.ThrowIfNull(chunk);
        return $"SELECT {string.Join(", ", mappings.Select(mapping => mapping.Select))} FROM {table.ToSql()} WHERE {chunk.Predicate}";
    }
}
