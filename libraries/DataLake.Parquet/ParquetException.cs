namespace DataLake.Parquet;

/// <summary>The one exception of this library for bad files, schemas, values and calls. I/O errors of the stream pass through unchanged.</summary>
public sealed class ParquetException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="kind">What went wrong.</param>
    /// <param name="message">What is wrong, with names and numbers, and what to do about it.</param>
    /// <param name="innerException">The cause, if another error led here.</param>
    public ParquetException(ParquetErrorKind kind, string message, Exception? innerException = null)
        : base(message, innerException) => Kind = kind;

    /// <summary>What went wrong.</summary>
    public ParquetErrorKind Kind { get; }

    /// <summary>Whether the same call can succeed later without a change: only for a file that may not have been complete yet.</summary>
    public bool IsTransient => Kind == ParquetErrorKind.Truncated;

    internal static ParquetException Corrupt(string message) => new(ParquetErrorKind.Corrupt, message);

    internal static ParquetException Unsupported(string message) => new(ParquetErrorKind.Unsupported, message);
}
