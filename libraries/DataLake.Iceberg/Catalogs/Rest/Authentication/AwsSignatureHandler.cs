namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>Signs requests as AWS wants them: for Glue's and S3 Tables' REST catalogs. Requests go over TLS or to this machine only.</summary>
/// <param name="keys">Gives the credentials for each request; temporary ones are renewed by whoever gives them.</param>
/// <param name="region">The region, for example <c>eu-west-1</c>.</param>
/// <param name="service">The service's name in signatures: <c>glue</c> or <c>s3tables</c>.</param>
/// <param name="clock">The clock; null for the system's.</param>
public sealed class AwsSignatureHandler(Func<CancellationToken, ValueTask<AwsKeys>> keys, string region, string service, TimeProvider? clock = null) : DelegatingHandler
{
    private readonly TimeProvider clock = clock ?? TimeProvider.System;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        SecureAddress.Require(request.RequestUri);
        var now = await keys(cancellationToken);
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = request.RequestUri!.IsDefaultPort ? request.RequestUri.IdnHost : $"{request.RequestUri.IdnHost}:{request.RequestUri.Port}",
            ["x-amz-content-sha256"] = AwsSignature.Hash(body),
            ["x-amz-date"] = AwsSignature.Timestamp(clock.GetUtcNow()),
        };
        if (now.SessionToken is { } token) headers["x-amz-security-token"] = token;
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        request.Headers.TryAddWithoutValidation("Authorization", AwsSignature.Authorization(request.Method.Method, request.RequestUri, headers, headers["x-amz-content-sha256"], now, region, service));
        return await base.SendAsync(request, cancellationToken);
    }
}
