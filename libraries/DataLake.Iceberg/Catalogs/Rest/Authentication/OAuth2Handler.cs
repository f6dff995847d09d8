using System.Net.Http.Headers;
using DataLake.Iceberg.Json;

namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>
/// Authenticates requests with a token that client credentials are exchanged for. It is fetched before the first request, anew when four fifths of its life are over, and anew once when it is not
/// accepted (401, 419), after which the request is sent again: it was refused unseen.
/// </summary>
/// <param name="credentials">The credentials.</param>
/// <param name="clock">The clock; null for the system's.</param>
public sealed class OAuth2Handler(OAuth2Credentials credentials, TimeProvider? clock = null) : DelegatingHandler
{
    private const int LargestAnswer = 1 << 18;
    private const double UsedPart = 0.8;
    private static readonly TimeSpan UnsaidLife = TimeSpan.FromHours(1);

    private readonly TimeProvider clock = clock ?? TimeProvider.System;
    private readonly SemaphoreSlim fetching = new(1);
    private (string Text, DateTimeOffset Until)? token;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        SecureAddress.Require(request.RequestUri);
        var used = await TokenAsync(null, cancellationToken);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", used);
        var response = await base.SendAsync(request, cancellationToken);
        if ((int)response.StatusCode is not (401 or 419)) return response;
        response.Dispose();
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(used, cancellationToken));
        return await base.SendAsync(request, cancellationToken);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) fetching.Dispose();
        base.Dispose(disposing);
    }

    /// <summary>The token: the one there is, unless it is the refused one or too old. One caller fetches, the others wait for it.</summary>
    private async Task<string> TokenAsync(string? refused, CancellationToken cancellation)
    {
        await fetching.WaitAsync(cancellation);
        try
        {
            if (token is { } present && present.Text != refused && clock.GetUtcNow() < present.Until) return present.Text;
            var (text, life) = await FetchAsync(cancellation);
            token = (text, clock.GetUtcNow() + life * UsedPart);
            return text;
        }
        finally
        {
            fetching.Release();
        }
    }

    private async Task<(string Token, TimeSpan Life)> FetchAsync(CancellationToken cancellation)
    {
        SecureAddress.Require(credentials.TokenEndpoint);
        var shown = credentials.TokenEndpoint.GetLeftPart(UriPartial.Path);
        using var request = new HttpRequestMessage(HttpMethod.Post, credentials.TokenEndpoint)
        {
            Content = new FormUrlEncodedContent(new Dictionary<string, string>
            {
                ["grant_type"] = "client_credentials",
                ["client_id"] = credentials.ClientId,
                ["client_secret"] = credentials.ClientSecret,
                ["scope"] = credentials.Scope,
            }),
        };
        int status;
        ReadOnlyMemory<byte> body;
        try
        {
            using var response = await base.SendAsync(request, cancellation);
            status = (int)response.StatusCode;
            body = await BoundedBody.ReadAsync(response.Content, LargestAnswer, cancellation);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new IcebergException(IcebergErrorKind.Unavailable, $"The token endpoint {shown} had no answer: {e.Message} Check address and network, and try again.", e);
        }

        // What a refusal says may quote the request, which has the secret.
        if (status is 408 or 429 or >= 500) throw new IcebergException(IcebergErrorKind.Unavailable, $"The token endpoint {shown} answered {status}. Try again later.");
        if (status != 200) throw new IcebergException(IcebergErrorKind.Denied, $"The token endpoint {shown} answered {status}: it gives no token for client '{credentials.ClientId}' and scope '{credentials.Scope}'. Correct id, secret, scope or address.");
        try
        {
            return JsonText.Read(body, "answer", element =>
            {
                var json = new JsonObjectReader(element, "answer");
                var life = json.OptionalInt64("expires_in") is { } seconds ? TimeSpan.FromSeconds(Math.Clamp(seconds, 0, 365 * 86400L)) : UnsaidLife;
                return (json.Text("access_token"), life);
            });
        }
        catch (IcebergException)
        {
            // The cause may quote the answer, which has the token.
            throw IcebergException.Corrupt($"The token endpoint {shown} answered 200, but with no token. Check that the address is one of an OAuth2 server.");
        }
    }
}
