using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Statistics;
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
            var part = await ServerPlan.ExplainAsync(connection, ChunkQuery.Of(table.Name, mappings, chunk), cancellation);
            planned.Add(new PlannedChunk(chunk, part.Rows, part.Cost, part.Steps));
            // Each field has a length of four bytes before it, each row a count of two.
            bytes += part.Rows * (part.Width + (4 * mappings.Count) + 2);
        }

        return new ReadPlan(planned.Sum(part => part.Rows), bytes, planned);
    }
}
