namespace DataLake.Iceberg;

/// <summary>The one exception of this library for bad files, schemas, values, commits and calls. I/O errors of a stream pass through unchanged.</summary>
public sealed class IcebergException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">What is wrong, with names and numbers, and what to do about it.</param>
    /// <param name="innerException">The cause, if another error led here.</param>
    public IcebergException(IcebergErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>What went wrong.</summary>
    public IcebergErrorKind Kind { get; }

    /// <summary>Whether the same operation, begun anew on what the table is now, can succeed without a change by a person.</summary>
    public bool CanRetry => Kind is IcebergErrorKind.Truncated or IcebergErrorKind.CommitConflict or IcebergErrorKind.Unavailable;

    internal static IcebergException Corrupt(string message, Exception? cause = null) => new(IcebergErrorKind.Corrupt, message, cause);

    internal static IcebergException Unsupported(string message) => new(IcebergErrorKind.Unsupported, message);

    internal static IcebergException Invalid(string message) => new(IcebergErrorKind.Invalid, message);
}
