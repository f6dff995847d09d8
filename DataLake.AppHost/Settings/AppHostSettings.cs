namespace DataLake.AppHost.Settings;

/// <summary>What the person who starts the system wants.</summary>
/// <param name="Once">Run every due window, print a summary and end.</param>
/// <param name="DataDirectory">Where lake, embedded server and logs lie.</param>
/// <param name="Pipelines">The folder of definitions.</param>
/// <param name="Rows">How many rows the sample source starts with.</param>
/// <param name="Sample">Whether the sample source is made and kept busy.</param>
/// <param name="Source">The connection string of an existing source, known to definitions as <c>env:DATALAKE_SOURCE</c>.</param>
/// <param name="Ledger">The connection string of an existing database for the ledger.</param>
/// <param name="PostgresFolder">Where PostgreSQL's programs are.</param>
/// <param name="Port">The port for health checks.</param>
/// <param name="Verbose">Whether the log is printed too.</param>
public sealed record AppHostSettings(
    bool Once, string DataDirectory, string Pipelines, long Rows, bool Sample, string? Source, string? Ledger, string? PostgresFolder, int Port, bool Verbose)
{
    /// <summary>The lake's directory.</summary>
    public string LakeDirectory => Path.Combine(DataDirectory, "lake");

    // The generated one would print connection strings.
    /// <inheritdoc/>
    public override string ToString() => nameof(AppHostSettings);
}
