using Amazon;
using Amazon.Runtime;

namespace DataLake.Aws.Services;

/// <summary>Which region is meant, and where a service is in it.</summary>
internal static class AwsRegion
{
    /// <exception cref="AwsException"><see cref="AwsErrorKind.Invalid"/>: nothing says which.</exception>
    public static string Of(AwsOptions options) => options.Region ?? FallbackRegionFactory.GetRegionEndpoint()?.SystemName
        ?? throw new AwsException(AwsErrorKind.Invalid, "It is not said which AWS region is meant: set AWS_REGION, or the region in the options or in the profile.");

    public static Uri EndpointOf(string region, string service) => new($"https://{service}.{region}.{RegionEndpoint.GetBySystemName(region).PartitionDnsSuffix}/");
}
