namespace DataLake.Pipelines.Secrets;

/// <summary>A secret that cannot be had. The message names the reference, never a secret.</summary>
public sealed class SecretException(string message) : Exception(message);
