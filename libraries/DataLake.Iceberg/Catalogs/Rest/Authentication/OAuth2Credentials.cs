namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>Client credentials, and where they are exchanged for a token (<see href="https://datatracker.ietf.org/doc/html/rfc6749#section-4.4">RFC 6749, 4.4</see>).</summary>
/// <param name="tokenEndpoint">Where tokens are given: the <c>oauth2-server-uri</c> of other clients.</param>
/// <param name="clientId">The client's id.</param>
/// <param name="clientSecret">Its secret, resolved.</param>
/// <param name="scope">What the token is to allow.</param>
public sealed class OAuth2Credentials(Uri tokenEndpoint, string clientId, string clientSecret, string scope = "catalog")
{
    /// <summary>Where tokens are given.</summary>
    public Uri TokenEndpoint { get; } = tokenEndpoint;

    /// <summary>The client's id.</summary>
    public string ClientId { get; } = clientId;

    /// <summary>What the token is to allow.</summary>
    public string Scope { get; } = scope;

    internal string ClientSecret { get; } = clientSecret;

    /// <summary>The token endpoint that catalogs had themselves before it was deprecated; some still have no other.</summary>
    public static Uri DeprecatedEndpointOf(Uri catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        return new Uri($"{catalog.GetLeftPart(UriPartial.Path).TrimEnd('/')}/v1/oauth/tokens");
    }
}
