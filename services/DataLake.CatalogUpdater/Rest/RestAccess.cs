using System.Security.Cryptography;
using System.Text;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>Who may read the catalog.</summary>
/// <param name="token">The token that clients must bring; null: clients that call this machine by a name of its own.</param>
public sealed class RestAccess(string? token)
{
    private const string Scheme = "Bearer ";

    private readonly byte[]? expected = token is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(token));

    /// <summary>Answers requests that may not be, and passes the others on.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (expected is not null && !BringsToken(context.Request))
        {
            context.Response.Headers.WWWAuthenticate = "Bearer";
            await RestReply.WriteErrorAsync(context, 401, "NotAuthorizedException", "This catalog asks for a bearer token. Give the client the token that its settings refer to.");
        }
        else if (expected is null && !IsLoopback(context.Request.Host))
        {
            // A page in a browser can let a name of its own point to this machine; the name gives it away.
            await RestReply.WriteErrorAsync(context, 403, "ForbiddenException", "Without a token this catalog is served to this machine only, as localhost or 127.0.0.1. Use that name, or set a token.");
        }
        else
        {
            await next(context);
        }
    }

    private static bool IsLoopback(HostString host) => Uri.TryCreate($"http://{host.Value}/", UriKind.Absolute, out var address) && address.IsLoopback;

    private bool BringsToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[Scheme.Length..])), expected);
}
