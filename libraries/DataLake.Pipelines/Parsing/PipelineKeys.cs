using System.Text.Json.Nodes;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of a pipeline: the whole description of a definition file starts at <see cref="Shape"/>.</summary>
internal static class PipelineKeys
{
    public static readonly Key<string> Name = new(
        "pipeline", Values.PipelineName, "The pipeline's name, unique among all pipelines (capitals do not count).")
    {
        IsRequired = true,
        Examples = ["operations"],
    };

    public static readonly Key<SecretReference> Connection = new(
        "connection", Values.Secret,
            "Where the connection string of the database is kept: env:NAME, file:/path, ssm:/path/name or secretsmanager:name. The primary, where there is a replica too.")
    {
        IsRequired = true,
        Examples = ["env:DATALAKE_SOURCE"],
    };

    public static readonly Key<SecretReference> Replica = new(
        "replica", Values.Secret,
            "Where the connection string of a standby (streaming replication) is kept. All rows are then read there, and windows reach as far as it has replayed. "
            + "The primary is asked for its clock alone: where the replica does not answer, nothing is read.")
    {
        DefaultInWords = "none, the primary is read",
        Examples = ["env:DATALAKE_REPLICA"],
    };

    public static readonly Key<long> MaxConnections = new(
        "max_connections", Values.WholeNumber(1, 1000), "Connections that all runs of this source may use at once.")
    {
        Default = DefinitionDefaults.MaxConnections,
        Examples = [4],
    };

    public static readonly Key<long> MaxRuns = new("max_runs", Values.WholeNumber(1, 1000), "Runs of this source in flight at once.")
    {
        Default = DefinitionDefaults.MaxRuns,
        Examples = [4],
    };

    public static readonly Key<MappingReader> Source = new(
        "source", new MappingShape("a mapping with 'connection'", [Connection, Replica, MaxConnections, MaxRuns, LimitKeys.Limits]),
            "The database that is read.") { IsRequired = true };

    public static readonly Key<TimeZoneInfo> TimeZone = new(
        "timezone", Values.TimeZone, "The clock of schedules and of day-sized windows, by its IANA name.")
    {
        Default = DefinitionDefaults.TimeZone,
        Examples = ["Europe/Amsterdam"],
    };

    public static readonly Key<SecretReference> MaskKey = new(
        "mask_key", Values.Secret, "Where the key of hash and date_shift masks is kept. Needed where a column is masked so.")
    {
        DefaultInWords = "none",
        Examples = ["env:DATALAKE_MASK_KEY"],
    };

    public static readonly Key<bool> OneInstant = new(
        "one_instant", new TruthShape(),
            "Whether full loads (tables without a cursor) that are planned together are read from one snapshot, and count all or none. One that cannot be read is left behind with its error.")
    {
        Default = false,
        Examples = [true],
    };

    public static readonly Key<MappingReader> Defaults = new(
        "defaults", TableKeys.Defaults, "What tables share: any key of a table but table, cursor, key, chunks and types. A table's own value wins.") { DefaultInWords = "none" };

    public static readonly Key<IReadOnlyList<Placed<MappingReader>>> Tables = new(
        "tables", new ListShape<MappingReader>("a list of tables", TableKeys.Shape), "The tables, at least one.") { IsRequired = true };

    public static readonly Key<IReadOnlyList<Placed<MappingReader>>> Notify = new(
        "notify", new ListShape<MappingReader>("a list of rules", NotifyKeys.Shape), "Whom to tell of what.") { DefaultInWords = "nobody" };

    /// <summary>A definition file.</summary>
    public static readonly Shape<MappingReader> Shape = new MappingShape(
        "a mapping that begins with 'pipeline: <name>'", [Name, Source, TimeZone, OneInstant, MaskKey, TypeKeys.Types, Defaults, Tables, Notify]);
}
