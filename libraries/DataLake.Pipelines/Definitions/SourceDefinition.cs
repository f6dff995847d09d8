namespace DataLake.Pipelines.Definitions;

/// <summary>The database that a pipeline reads.</summary>
/// <param name="Connection">Where the connection string is kept.</param>
/// <param name="Replica">Where the connection string of a standby is kept that is read in its place; null where there is none.</param>
/// <param name="MaxConnections">Connections that all runs of this source may use at once.</param>
/// <param name="MaxRuns">Runs of this source in flight at once.</param>
/// <param name="Limits">What the database must not be above while it is read.</param>
public sealed record SourceDefinition(SecretReference Connection, SecretReference? Replica, int MaxConnections, int MaxRuns, SourceLimits Limits);
