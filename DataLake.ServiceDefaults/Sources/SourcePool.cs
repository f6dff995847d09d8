using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Definitions;
using DataLake.Postgres.Governor;
using DataLake.ServiceDefaults.Telemetry;
using Microsoft.Extensions.Logging;

namespace DataLake.ServiceDefaults.Sources;

/// <summary>The connections of this process to each source: one pool and one governor per pipeline, so that its limits hold for all runs together.</summary>
public sealed partial class SourcePool(SecretResolver secrets, TimeProvider time, ILogger<SourcePool> logger)
{
    // Runs of two versions of a definition can differ in the limits for as long as both are under way; each version then has its own.
    private readonly Dictionary<(string Pipeline, SourceDefinition Source), Entry> pools = [];
    private readonly Lock change = new();

    /// <summary>The connections to what is read of a pipeline's source: its replica, where it has one. Secrets are looked up each time, so that one that was renewed is used from then on.</summary>
    /// <exception cref="SecretException">A connection string is not where the definition says.</exception>
    /// <exception cref="Postgres.Errors.SourceException">It cannot be read.</exception>
    public SourceConnections Get(PipelineDefinition pipeline) => EntryOf(pipeline).Connections;

    /// <summary>The governor of those connections.</summary>
    /// <inheritdoc cref="Get" path="/exception"/>
    public SourceGovernor GovernorOf(PipelineDefinition pipeline) => EntryOf(pipeline).Governor;

    private Entry EntryOf(PipelineDefinition pipeline)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        var connection = secrets.Resolve(pipeline.Source.Connection);
        var replica = pipeline.Source.Replica is { } reference ? secrets.Resolve(reference) : null;
        var key = (pipeline.Name, pipeline.Source);
        lock (change)
        {
            if (pools.TryGetValue(key, out var known) && (known.Connection, known.Replica) == (connection, replica))
            {
                return known;
            }

            var connections = DefinitionRules.ConnectionsOf(pipeline, connection, replica, ApplicationName.Of("clock", pipeline.Name));
            var governor = new SourceGovernor(
                pipeline.Name, connections, pipeline.Source.Limits, time, paced => OnPace(pipeline.Name, paced), what => CannotSee(pipeline.Name, what));
            // Runs that still use the old connections keep them to their end.
            return pools[key] = new Entry(connection, replica, connections, governor);
        }
    }

    private void OnPace(string pipeline, PaceChange paced)
    {
        if (paced.To == Pace.Wait)
        {
            DataLakeTelemetry.SourceBackOffs.Add(1, new KeyValuePair<string, object?>("pipeline", pipeline));
            BacksOff(pipeline, paced.Reason);
        }
        else if (paced.To == Pace.Full)
        {
            GoesOn(pipeline, paced.Reason);
        }
        else
        {
            GoesOnSlowly(pipeline, paced.Reason);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Reading the source of {Pipeline} waits: {Reason}")]
    private partial void BacksOff(string pipeline, string reason);

    [LoggerMessage(LogLevel.Information, "Reading the source of {Pipeline} goes on slowly: {Reason}")]
    private partial void GoesOnSlowly(string pipeline, string reason);

    [LoggerMessage(LogLevel.Information, "Reading the source of {Pipeline} goes on at full pace: {Reason}")]
    private partial void GoesOn(string pipeline, string reason);

    [LoggerMessage(LogLevel.Warning, "The source of {Pipeline}: {What}")]
    private partial void CannotSee(string pipeline, string what);

    private sealed record Entry(string Connection, string? Replica, SourceConnections Connections, SourceGovernor Governor)
    {
        // The generated one would print the connection strings.
        public override string ToString() => nameof(Entry);
    }
}
