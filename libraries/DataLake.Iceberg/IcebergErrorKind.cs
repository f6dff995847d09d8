namespace DataLake.Iceberg;

/// <summary>What went wrong with a table's metadata or with a call.</summary>
public enum IcebergErrorKind
{
    /// <summary>The bytes contradict themselves or the specification. Restore the file, or go back to an earlier table metadata file.</summary>
    Corrupt,

    /// <summary>The file ends before what its own lengths promise. It may still have been on its way: reading again can help.</summary>
    Truncated,

    /// <summary>The file is valid but uses a feature this library does not read or write (a later format version, a codec, a type).</summary>
    Unsupported,

    /// <summary>The file asks for more memory than the limits allow.</summary>
    LimitExceeded,

    /// <summary>A schema, partition spec, sort order, value or update is not valid; the caller must correct it.</summary>
    Invalid,

    /// <summary>A requirement of a commit is not met: somebody else committed first. Load the table again and repeat the operation.</summary>
    CommitConflict,

    /// <summary>A catalog failed after it was asked to commit: it may have committed or not. Load the table and look; never repeat the commit blindly.</summary>
    UnknownOutcome,

    /// <summary>There is no such table, namespace, snapshot or file.</summary>
    NotFound,

    /// <summary>A catalog cannot be reached, or cannot answer now; nothing has changed. The same call can succeed later.</summary>
    Unavailable,

    /// <summary>A catalog does not accept the credentials, or they do not allow this. A person must correct credentials or grants.</summary>
    Denied,

    /// <summary>A call came at the wrong time: a writer that is complete or failed before.</summary>
    InvalidState,
}
