using System.Net;
using Amazon.Runtime;
using Amazon.Runtime.Credentials;

namespace DataLake.Aws.Signing;

/// <summary>
/// Signs requests as AWS wants them: those of this library's clients, and those of a REST catalog that is Glue or S3 Tables (<c>RestCatalogOptions.Authentication</c>). They go over TLS or to this machine
/// only. Where there are no credentials a request fails with an <see cref="AwsException"/> before it is sent.
/// </summary>
/// <param name="credentials">The credentials, which renew themselves where they expire; null for the SDK's chain: environment, profile, web identity, container, instance.</param>
/// <param name="region">The region, for example <c>eu-west-1</c>.</param>
/// <param name="service">The service's name in signatures, for example <c>glue</c> or <c>s3tables</c>.</param>
/// <param name="clock">The clock; null for the system's.</param>
public sealed class AwsSignatureHandler(AWSCredentials? credentials, string region, string service, TimeProvider? clock = null) : DelegatingHandler
{
    internal const string SessionTokenHeader = "x-amz-security-token";

    private readonly TimeProvider clock = clock ?? TimeProvider.System;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var address = request.RequestUri!;
        if (address.Scheme != Uri.UriSchemeHttps && !address.IsLoopback)
            throw new AwsException(
                AwsErrorKind.Invalid, $"Session tokens are not sent to {address.GetLeftPart(UriPartial.Authority)}: anybody on the way could read them. Give an https:// address (http:// only for this machine).");
        var now = await CredentialsAsync(cancellationToken);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = address.IsDefaultPort ? address.IdnHost : $"{address.IdnHost}:{address.Port}",
            ["x-amz-content-sha256"] = AwsSignature.Hash(body),
            ["x-amz-date"] = AwsSignature.Timestamp(clock.GetUtcNow()),
        };
        if (now.UseToken) headers[SessionTokenHeader] = now.Token;
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        // What says which operation is meant is signed too, but already there.
        if (request.Headers.TryGetValues("x-amz-target", out var target)) headers["x-amz-target"] = target.Single();
        if (request.Content?.Headers.ContentType is { } type) headers["content-type"] = type.ToString();
        request.Headers.Remove("Authorization");
        request.Headers.TryAddWithoutValidation("Authorization", AwsSignature.Authorization(request.Method.Method, address, headers, headers["x-amz-content-sha256"], now, region, service));
        return await base.SendAsync(request, cancellationToken);
    }

    private async Task<ImmutableCredentials> CredentialsAsync(CancellationToken cancellation)
    {
        try
        {
            var used = credentials ?? await DefaultAWSCredentialsIdentityResolver.GetCredentialsAsync().WaitAsync(cancellation);
            return await used.GetCredentialsAsync().WaitAsync(cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or AmazonServiceException { StatusCode: >= HttpStatusCode.InternalServerError })
        {
            throw new AwsException(AwsErrorKind.Unavailable, $"The AWS credentials could not be fetched ({error.GetType().Name}). Check the network, and try again.", error);
        }
        catch (Exception error) when (error is AmazonClientException or AmazonServiceException)
        {
            throw new AwsException(
                AwsErrorKind.Denied,
                $"There are no AWS credentials to sign with ({error.GetType().Name}). Give the task or instance a role, or set AWS_PROFILE or AWS_ACCESS_KEY_ID with its secret.", error);
        }
    }
}
