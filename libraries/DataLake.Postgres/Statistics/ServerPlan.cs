using System.Text.Json;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;

namespace DataLake.Postgres.Statistics;

/// <summary>How the server would run a query, and what it expects of it (<see href="https://www.postgresql.org/docs/current/sql-explain.html">EXPLAIN</see>). Nothing is read.</summary>
/// <param name="Rows">Rows.</param>
/// <param name="Width">Bytes of a row's values.</param>
/// <param name="Cost">Its work, in the server's units.</param>
/// <param name="Steps">Its steps, outermost first, for example <c>Index Scan using shipments_updated_at on shipments</c>.</param>
internal sealed record ServerPlan(long Rows, long Width, double Cost, IReadOnlyList<string> Steps)
{
    /// <summary>Whether a relation is read from end to end.</summary>
    public bool ReadsWholeRelation => Steps.Any(step => step.StartsWith("Seq Scan", StringComparison.Ordinal));

    /// <exception cref="SourceException">The server refuses the query.</exception>
    public static async Task<ServerPlan> ExplainAsync(SourceConnection connection, string query, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync($"EXPLAIN (FORMAT JSON) {query}", [], "planning a read", cancellation);
        using var json = JsonDocument.Parse(rows[0][0]!);
        var root = json.RootElement[0].GetProperty("Plan");
        var steps = new List<string>();
        Describe(root, steps);
        return new ServerPlan(root.GetProperty("Plan Rows").GetInt64(), root.GetProperty("Plan Width").GetInt64(), root.GetProperty("Total Cost").GetDouble(), steps);
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
