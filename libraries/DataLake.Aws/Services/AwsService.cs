namespace DataLake.Aws.Services;

/// <summary>A service that speaks the AWS JSON protocol, by the names of its official model.</summary>
/// <param name="Name">Its name in addresses, signatures and permissions: <c>endpointPrefix</c>.</param>
/// <param name="TargetPrefix">What stands before the operation in <c>X-Amz-Target</c>: <c>targetPrefix</c>.</param>
/// <param name="JsonVersion">The protocol's version: <c>jsonVersion</c>.</param>
internal sealed record AwsService(string Name, string TargetPrefix, string JsonVersion);
