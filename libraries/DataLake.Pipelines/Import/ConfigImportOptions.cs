using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Schedules;

namespace DataLake.Pipelines.Import;

/// <summary>What a config table does not say.</summary>
public sealed record ConfigImportOptions
{
    /// <summary>The name of the pipeline.</summary>
    public string PipelineName { get; init; } = "imported";

    /// <summary>Where the connection string of the database is kept.</summary>
    public SecretReference Connection { get; init; } = new(SecretScheme.Env, "DATALAKE_SOURCE");

    /// <summary>When the tables are due.</summary>
    public Schedule Schedule { get; init; } = Schedule.Parse("rate(1 day)");

    /// <summary>The clock that the window columns show; it becomes the pipeline's time zone.</summary>
    public TimeZoneInfo TimeZone { get; init; } = TimeZoneInfo.Utc;

    /// <summary>The schema of tables that are named without one.</summary>
    public string Schema { get; init; } = "public";

    /// <summary>Whether to keep the rows that are good where others are refused. Otherwise any refused row makes the import fail.</summary>
    public bool KeepGoodRows { get; init; }
}
