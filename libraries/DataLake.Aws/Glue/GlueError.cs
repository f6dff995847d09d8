using DataLake.Iceberg;

namespace DataLake.Aws.Glue;

/// <summary>What an error of AWS means to users of a catalog.</summary>
internal static class GlueError
{
    public static IcebergException Of(AwsException error) => new(
        error.Kind switch
        {
            AwsErrorKind.NotFound => IcebergErrorKind.NotFound,
            AwsErrorKind.AlreadyExists or AwsErrorKind.Conflict => IcebergErrorKind.CommitConflict,
            AwsErrorKind.Denied => IcebergErrorKind.Denied,
            AwsErrorKind.Throttled or AwsErrorKind.Unavailable => IcebergErrorKind.Unavailable,
            AwsErrorKind.LimitExceeded => IcebergErrorKind.LimitExceeded,
            AwsErrorKind.Unreadable => IcebergErrorKind.Corrupt,
            AwsErrorKind.UnknownOutcome => IcebergErrorKind.UnknownOutcome,
            _ => IcebergErrorKind.Invalid,
        },
        error.Message,
        error);
}
