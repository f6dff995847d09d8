namespace DataLake.EmbeddedPostgres;

/// <summary>Where the private cluster lives and how its server runs.</summary>
public sealed record EmbeddedPostgresOptions
{
    /// <summary>The folder of the cluster; created when missing. It belongs to this library alone.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The folder with <c>postgres</c> and <c>initdb</c>; null searches as <see cref="PostgresPrograms.Find(string?)"/> does.</summary>
    public string? ProgramsFolder { get; init; }

    /// <summary>Server settings (GUC name to value) that override the small-machine defaults. No secrets: they stand on a command line.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server may take to answer, crash recovery included.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a fast shutdown may take before it becomes an immediate one.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of the bounds above.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Told, in sentences for a person, what is unusual: a cluster placed elsewhere, a leftover server, another port.</summary>
    public Action<string>? Say { get; init; }
}
