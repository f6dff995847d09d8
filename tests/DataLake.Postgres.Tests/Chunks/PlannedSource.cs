using DataLake.Contracts;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Tables;
using DataLake.Testing;

namespace DataLake.Postgres.Tests.Chunks;

/// <summary>A connection to a test's database that plans reads of its tables.</summary>
internal sealed class PlannedSource(SourceConnection connection) : IAsyncDisposable
{
    public static async Task<PlannedSource> OpenAsync(TestDatabase database, string? connectionString = null) =>
        new(await new SourceConnections(connectionString ?? database.ConnectionString, 1, "test").OpenAsync(CancellationToken.None));

    public Task<SourceTable> InspectAsync(string table) => TableInspector.InspectAsync(connection, TableName.TryParse(table)!, CancellationToken.None);

    public Task<IReadOnlyList<Chunk>> PlanAsync(SourceTable table, ChunkRule rule, CursorRange? range = null, int connections = 4) =>
        ChunkPlanner.PlanAsync(connection, table, rule, range, connections, CancellationToken.None);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}
