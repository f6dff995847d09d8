using System.Net.Http.Headers;

namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>Authenticates requests with one token, over TLS or to this machine only.</summary>
/// <param name="token">The token.</param>
public sealed class BearerTokenHandler(string token) : DelegatingHandler
{
    /// <inheritdoc/>
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        SecureAddress.Require(request.RequestUri);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return base.SendAsync(request, cancellationToken);
    }
}
