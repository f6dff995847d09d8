using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Connections;
using DataLake.Pipelines.Secrets;

namespace DataLake.ServiceDefaults.Sources;

/// <summary>The connections of this process to each source: one pool per pipeline, so that its limit holds for all runs together.</summary>
public sealed class SourcePool(SecretResolver secrets)
{
    // Runs of two versions of a definition can differ in the limit for as long as both are under way; each version then has its own.
    private readonly Dictionary<(string Pipeline, int MaxConnections), Entry> pools = [];
    private readonly Lock change = new();

    /// <summary>The connections of a pipeline's source. The secret is looked up each time, so that one that was renewed is used from then on.</summary>
    /// <exception cref="SecretException">The connection string is not where the definition says.</exception>
    /// <exception cref="Postgres.Errors.SourceException">It cannot be read.</exception>
    public SourceConnections Get(PipelineDefinition pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        var connectionString = secrets.Resolve(pipeline.Source.Connection);
        var key = (pipeline.Name, pipeline.Source.MaxConnections);
        lock (change)
        {
            if (pools.TryGetValue(key, out var known) && known.ConnectionString == connectionString)
            {
                return known.Connections;
            }

            var connections = new SourceConnections(connectionString, pipeline.Source.MaxConnections, $"DataLake {pipeline.Name}");
            // Runs that still use the old connections keep them to their end.
            pools[key] = new Entry(connectionString, connections);
            return connections;
        }
    }

    private sealed record Entry(string ConnectionString, SourceConnections Connections)
    {
        // The generated one would print the connection string.
        public override string ToString() => nameof(Entry);
    }
}
