using System.Collections.Concurrent;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.ServiceDefaults.Secrets;

namespace DataLake.ServiceDefaults.Sources;

/// <summary>The connections of this process to each source: one pool per pipeline, so that its limit holds for all runs together.</summary>
public sealed class SourcePool(SecretResolver secrets) : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Entry> pools = new();
    private readonly Lock change = new();

    /// <summary>The connections of a pipeline's source. The secret is looked up each time, so that one that was renewed is used from then on.</summary>
    public SourceConnections Get(PipelineDefinition pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        var connectionString = secrets.Resolve(pipeline.Source.Connection);
        lock (change)
        {
            if (pools.TryGetValue(pipeline.Name, out var known) && known.ConnectionString == connectionString
                && known.Connections.MaxConnections == pipeline.Source.MaxConnections)
            {
                return known.Connections;
            }

            var connections = new SourceConnections(connectionString, pipeline.Source.MaxConnections, $"DataLake {pipeline.Name}");
            // Runs that still use the old pool keep their connections; its idle ones are closed by its own time-out.
            pools[pipeline.Name] = new Entry(connectionString, connections);
            return connections;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var entry in pools.Values)
        {
            await entry.Connections.DisposeAsync();
        }
    }

    private sealed record Entry(string ConnectionString, SourceConnections Connections)
    {
        // The generated one would print the connection string.
        public override string ToString() => nameof(Entry);
    }
}
