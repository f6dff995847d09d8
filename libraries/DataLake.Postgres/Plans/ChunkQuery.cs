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
        var columns = string.Join(", ", mappings.Select(mapping => mapping.Select));
        return string.Join(" UNION ALL ", chunk.Parts.Select(part => $"SELECT {columns} FROM {(part.Only is { } only ? $"ONLY {only.ToSql()}" : table.ToSql())} WHERE {part.Predicate}"));
    }
}
