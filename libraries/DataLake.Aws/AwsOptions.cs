using Amazon.Runtime;

namespace DataLake.Aws;

/// <summary>How AWS is spoken to.</summary>
public sealed class AwsOptions
{
    /// <summary>The region, for example <c>eu-west-1</c>; null for what the environment says: <c>AWS_REGION</c>, the profile, the instance.</summary>
    public string? Region { get; init; }

    /// <summary>Another address than the region's, for LocalStack or a VPC endpoint: <c>https://</c>, or <c>http://</c> to this machine only. Null for the region's.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>The credentials; null for the SDK's chain: environment, profile, web identity, container, instance. Temporary ones are renewed by the SDK.</summary>
    public AWSCredentials? Credentials { get; init; }

    /// <summary>What carries requests; null for one that verifies TLS, follows no redirects and keeps no cookies. Disposed of with the client. One from outside must follow no redirects either.</summary>
    public HttpMessageHandler? Transport { get; init; }

    /// <summary>How long one request may take, its answer included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes that an answer may have.</summary>
    public int MaxResponseBytes { get; init; } = 64 << 20;

    /// <summary>How often a read is tried while the service throttles or is in trouble. What changes something is sent once.</summary>
    public int ReadAttempts { get; init; } = 4;

    /// <summary>The pause after a read's first attempt, about; it doubles with each.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The clock of signatures, time-outs and pauses.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
