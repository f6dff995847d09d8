namespace DataLake.Pipelines.Definitions;

/// <summary>The database that a pipeline reads.</summary>
/// <param name="Connection">Where the connection string is kept.</param>
/// <param name="MaxConnections">Connections that all runs of this source may use at once.</param>
/// <param name="MaxRuns">Runs of this source in flight at once.</param>
public sealed record SourceDefinition(SecretReference Connection, int MaxConnections, int MaxRuns);
