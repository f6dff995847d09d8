namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>AWS credentials, resolved. They have no text form.</summary>
/// <param name="accessKeyId">The id of the access key.</param>
/// <param name="secretAccessKey">The secret access key.</param>
/// <param name="sessionToken">The session token of temporary credentials; null for others.</param>
public sealed class AwsKeys(string accessKeyId, string secretAccessKey, string? sessionToken = null)
{
    internal string AccessKeyId { get; } = accessKeyId;

    internal string SecretAccessKey { get; } = secretAccessKey;

    internal string? SessionToken { get; } = sessionToken;
}
