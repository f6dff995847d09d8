namespace DataLake.EmbeddedPostgres;

/// <summary>What went wrong with the private PostgreSQL server.</summary>
public enum EmbeddedPostgresErrorKind
{
    /// <summary>No usable PostgreSQL programs on this machine, or not in the folder that was named.</summary>
    ProgramsNotFound,

    /// <summary>This operating system or account cannot run the private server.</summary>
    NotSupported,

    /// <summary>A setting that the server keeps for itself, or a name that cannot be used.</summary>
    InvalidOptions,

    /// <summary>The folder cannot be created, read or written.</summary>
    FolderNotUsable,

    /// <summary>Another host runs the cluster of this folder.</summary>
    InUse,

    /// <summary>The cluster was made by another major version of PostgreSQL.</summary>
    VersionMismatch,

    /// <summary>The cluster's password file is gone or cannot be read.</summary>
    PasswordNotUsable,

    /// <summary>The disk is full.</summary>
    DiskFull,

    /// <summary>initdb failed.</summary>
    CreationFailed,

    /// <summary>The server ended while it started, or did not answer in time.</summary>
    StartFailed,
}

/// <summary>An error of the private PostgreSQL server. Its message says what to do and never holds a secret.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">The cause, and the next step a person can take.</param>
/// <param name="inner">The error below, if any.</param>
public sealed class EmbeddedPostgresException(EmbeddedPostgresErrorKind kind, string message, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What went wrong.</summary>
    public EmbeddedPostgresErrorKind Kind { get; } = kind;

    /// <summary>Whether the same call may succeed later without anybody changing anything.</summary>
    public bool CanRetry => Kind is EmbeddedPostgresErrorKind.InUse or EmbeddedPostgresErrorKind.StartFailed;
}
