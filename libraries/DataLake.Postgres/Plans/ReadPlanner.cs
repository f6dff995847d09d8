using System.Text.Json;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Plans;

/// <summary>Asks the server how it would read a table, without reading a row (<see href="https://www.postgresql.org/docs/current/sql-explain.html">EXPLAIN</see>).</summary>
public static class ReadPlanner
{
    /// <summary>Plans a read.</summary>
    /// <param name="connection">A connection to the source.</param>
    /// <param name="table">The table.</param>
    /// <param name="mappings">The columns as they will be read.</param>
    /// <param name="chunks">The chunks as they will be read.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">The server refuses the query.</exception>
    public static async Task<ReadPlan> PlanAsync(
        SourceConnection connection, SourceTable table, IReadOnlyList<ColumnMapping> mappings, IReadOnlyList<Chunk> chunks, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(mappings);
        ArgumentNullException.ThrowIfNull(chunks);
        var planned = new List<PlannedChunk>();
        var bytes = 0L;
        foreach (var chunk in chunks)
        {
            var (part, width) = await ExplainAsync(connection, ChunkQuery.Of(table.Name, mappings, chunk), chunk, cancellation);
            planned.Add(part);
            // Each field has a length of four bytes before it, each row a count of two.
            bytes += part.Rows * (width + (4 * mappings.Count) + 2);
        }

        return new ReadPlan(planned.Sum(part => part.Rows), bytes, planned);
    }

    private static async Task<(PlannedChunk Chunk, long Width)> ExplainAsync(SourceConnection connection, string query, Chunk chunk, CancellationToken cancellation)
    {
        IReadOnlyList<string?[]> rows;
        try
        {
            rows = await connection.QueryAsync($"EXPLAIN (FORMAT JSON) {query}", [], cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, "planning a read");
        }

        using var json = JsonDocument.Parse(rows[0][0]!);
        var root = json.RootElement[0].GetProperty("Plan");
        var steps = new List<string>();
        Describe(root, steps);
        var planned = new PlannedChunk(chunk, root.GetProperty("Plan Rows").GetInt64(), root.GetProperty("Total Cost").GetDouble(), steps);
        return (planned, root.GetProperty("Plan Width").GetInt64());
    }

    private static void Describe(JsonElement node, List<string> steps)
    {
        var text = node.GetProperty("Node Type").GetString()!;
        text += node.TryGetProperty("Index Name", out var index) ? $" using {index.GetString()}" : "";
        text += node.TryGetProperty("Relation Name", out var relation) ? $" on {relation.GetString()}" : "";
        steps.Add(text);
        if (node.TryGetProperty("Plans", out var children))
        {
            foreach (var child in children.EnumerateArray())
            {
                Describe(child, steps);
            }
        }
    }
}
