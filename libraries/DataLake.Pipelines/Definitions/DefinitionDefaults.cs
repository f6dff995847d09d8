using DataLake.Contracts;

namespace DataLake.Pipelines.Definitions;

/// <summary>What holds where a definition says nothing. The parser, the JSON Schema and the documentation all read it here.</summary>
public static class DefinitionDefaults
{
    /// <summary>Connections that all runs of a source may use at once.</summary>
    public const int MaxConnections = 4;

    /// <summary>Runs of a source in flight at once.</summary>
    public const int MaxRuns = 4;

    /// <summary>How busy a source may be while it is read.</summary>
    public static readonly SourceLimits Limits = new(
        ActiveSessions: 40, LockWaits: 5, ReplicaLag: TimeSpan.FromSeconds(30), Blocking: TimeSpan.FromSeconds(30), LockTimeout: TimeSpan.FromSeconds(10),
        MaxPause: TimeSpan.FromMinutes(5), AfterPause.Retry);

    /// <summary>The time zone of schedules and of day-sized windows.</summary>
    public const string TimeZone = "UTC";

    /// <summary>Runs of a table in flight at once.</summary>
    public const int Concurrency = 1;

    /// <summary>Attempts after the first.</summary>
    public const int Retries = 3;

    /// <summary>What stands in place of a sensitive value.</summary>
    public const Mask SensitiveMask = Mask.Null;

    /// <summary>How a mail server is spoken to.</summary>
    public const SmtpTls Tls = SmtpTls.StartTls;

    /// <summary>How long the source may take until a row can be seen.</summary>
    public static readonly TimeSpan Lag = TimeSpan.FromSeconds(10);

    /// <summary>How much of the past each run reads again.</summary>
    public static readonly TimeSpan Lookback = TimeSpan.Zero;

    /// <summary>The pause before the first retry.</summary>
    public static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(10);

    /// <summary>A run's longest time.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromHours(2);

    /// <summary>What is decided about types: nothing is lost.</summary>
    public static readonly TypesDefinition Types = new(DecimalScale: null, NanPolicy.Fail, InfinityPolicy.Fail);

    /// <summary>How files are written.</summary>
    public static readonly FilesDefinition Files = new(FileCompression.Snappy, 256L << 20, []);

    /// <summary>What is asked of Iceberg tables.</summary>
    public static readonly IcebergDefinition Iceberg = new([], [], DeleteForm.Position, FormatVersion: 2, new SnapshotsDefinition(null, null));

    /// <summary>How reads are divided.</summary>
    public static readonly ChunkingDefinition Chunks = new ChunkingDefinition.Auto();

    /// <summary>What a run's rows do: replace without a cursor, upsert with a key, else append.</summary>
    public static WriteMode Write(bool hasCursor, bool hasKey) => (hasCursor, hasKey) switch
    {
        (false, _) => WriteMode.Replace,
        (true, true) => WriteMode.Upsert,
        (true, false) => WriteMode.Append,
    };

    /// <summary>The port of a mail server (RFC 5321, 6409 and 8314).</summary>
    public static int SmtpPort(SmtpTls tls) => tls switch
    {
        SmtpTls.None => 25,
        SmtpTls.StartTls => 587,
        _ => 465,
    };
}
