namespace DataLake.Pipelines.Definitions;

/// <summary>Where a secret is kept.</summary>
public enum SecretScheme
{
    /// <summary>An environment variable: <c>env:NAME</c>.</summary>
    Env,

    /// <summary>A file, without its last line end: <c>file:/run/secrets/name</c>.</summary>
    File,

    /// <summary>A parameter in AWS Systems Manager: <c>ssm:/path/name</c>.</summary>
    Ssm,

    /// <summary>A secret in AWS Secrets Manager: <c>secretsmanager:name</c>.</summary>
    SecretsManager,
}
