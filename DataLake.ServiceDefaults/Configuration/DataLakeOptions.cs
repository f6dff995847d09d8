namespace DataLake.ServiceDefaults.Configuration;

/// <summary>Settings that every service shares, from the section <c>DataLake</c>.</summary>
public sealed class DataLakeOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "DataLake";

    /// <summary>The ledger's connection string, or a reference to where it is kept (also <c>DATALAKE_LEDGER</c>).</summary>
    public string? Ledger { get; set; }

    /// <summary>The lake's directory.</summary>
    public string LakeDirectory { get; set; } = Path.Combine(".datalake", "lake");

    /// <summary>The folder (or file) of pipeline definitions.</summary>
    public string Pipelines { get; set; } = "pipelines";

    /// <summary>Which transport carries messages: <c>in-memory</c> (all services in one process).</summary>
    public string Transport { get; set; } = "in-memory";

    /// <summary>How long a worker may be silent until another takes its run.</summary>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the scheduler looks at what is due.</summary>
    public TimeSpan Tick { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a message may go unanswered until it is sent again.</summary>
    public TimeSpan Resend { get; set; } = TimeSpan.FromSeconds(30);
}
