namespace DataLake.Aws;

/// <summary>The one exception of this library for calls to AWS. It never holds credentials.</summary>
/// <param name="kind">What went wrong.</param>
/// <param name="message">What is wrong, with names and numbers, and what to do about it.</param>
/// <param name="cause">The cause, if another error led here.</param>
public sealed class AwsException(AwsErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What went wrong.</summary>
    public AwsErrorKind Kind { get; } = kind;

    /// <summary>Whether the same operation, begun anew on what is there now, can succeed without a change by a person.</summary>
    public bool CanRetry => Kind is AwsErrorKind.Conflict or AwsErrorKind.Throttled or AwsErrorKind.Unavailable;
}
