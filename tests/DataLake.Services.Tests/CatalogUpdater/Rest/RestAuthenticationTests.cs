using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Catalogs.Rest.Authentication;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>How the client shows who it is.</summary>
public sealed class RestAuthenticationTests
{
    private const string Secret = "hush+=&";

    private readonly ManualTimeProvider clock = new();
    private int given;

    [Fact]
    public async Task A_token_is_fetched_once_and_renewed_before_it_expires()
    {
        await using var server = await StartAsync();
        using var catalog = Client(server);
        await catalog.ListNamespacesAsync(default);
        clock.Advance(TimeSpan.FromSeconds(79));
        await catalog.ListNamespacesAsync(default);
        given.ShouldBe(1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await catalog.ListNamespacesAsync(default);
        given.ShouldBe(2);
        server.Requests.Where(request => request.Method == "GET").Select(request => request.Headers["Authorization"]).ShouldBe(["Bearer token-1", "Bearer token-1", "Bearer token-1", "Bearer token-2"]);
        var asked = server.Requests[0];
        asked.Target.ShouldBe("/v1/oauth/tokens");
        asked.Headers["Content-Type"].ShouldBe("application/x-www-form-urlencoded");
        asked.Body.ShouldBe("grant_type=client_credentials&client_id=lake&client_secret=hush%2B%3D%26&scope=catalog");
        server.Requests.Skip(1).ShouldAllBe(request => request.Method == "POST" || (!request.Target.Contains("hush") && request.Body.Length == 0));
    }

    [Theory]
    [InlineData(401)]
    [InlineData(419)]
    public async Task A_token_that_is_refused_is_renewed_once_and_the_request_sent_again(int refusal)
    {
        await using var server = await StartAsync(context => context.Request.Headers.Authorization == "Bearer token-1" && context.Request.Method == "POST", refusal);
        using var catalog = Client(server);
        await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        given.ShouldBe(2);
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull();
        given.ShouldBe(2);
    }

    [Fact]
    public async Task Who_is_refused_with_a_new_token_too_is_told_so()
    {
        await using var server = await StartAsync(_ => true, 401);
        using var catalog = Client(server);
        (await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.Denied);
        given.ShouldBe(2);
    }

    [Theory]
    [InlineData(400, """{"error":"invalid_client","error_description":"hush+=& is wrong"}""", IcebergErrorKind.Denied)]
    [InlineData(401, "", IcebergErrorKind.Denied)]
    [InlineData(503, "", IcebergErrorKind.Unavailable)]
    [InlineData(200, """{"token":"hush+=&"}""", IcebergErrorKind.Corrupt)]
    [InlineData(200, "hush+=&", IcebergErrorKind.Corrupt)]
    public async Task What_the_token_endpoint_refuses_is_told_without_the_secret(int status, string body, IcebergErrorKind kind)
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = RestCatalogTests.Answers("/v1/oauth/tokens", status, body);
        using var catalog = Client(server, attempts: 1);
        var error = await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default));
        error.Kind.ShouldBe(kind);
        error.ToString().ShouldNotContain(Secret);
        server.Requests.ShouldAllBe(request => request.Method == "POST");
    }

    [Fact]
    public async Task A_commit_that_never_left_for_want_of_a_token_is_no_unknown_outcome()
    {
        await using var server = await CatalogServer.StartAsync();
        var table = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        server.Before = async context =>
        {
            if (context.Request.Path != "/v1/oauth/tokens")
            {
                return false;
            }

            if (++given > 1)
            {
                context.Abort();
            }
            else
            {
                await CatalogServer.AnswerAsync(context, 200, """{"access_token":"token","token_type":"bearer","expires_in":100}""");
            }

            return true;
        };
        using var catalog = Client(server);
        await catalog.ListNamespacesAsync(default);
        clock.Advance(TimeSpan.FromSeconds(100));
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7))).Kind.ShouldBe(IcebergErrorKind.Unavailable);
        server.Catalog.Commits.ShouldBe(0);
    }

    [Fact]
    public async Task A_given_token_opens_our_own_service()
    {
        await using var server = await CatalogServer.StartAsync("open sesame");
        using var stranger = server.Client();
        (await Should.ThrowAsync<IcebergException>(() => stranger.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.Denied);
        using var friend = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, Authentication = new BearerTokenHandler("open sesame") });
        (await friend.ListNamespacesAsync(default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Credentials_go_to_other_machines_over_tls_only()
    {
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = new Uri("http://catalog.example.com/"), Authentication = new BearerTokenHandler(Secret), Transport = new NoTransport() });
        (await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        using var other = new RestCatalog(new RestCatalogOptions
        {
            Uri = new Uri("https://catalog.example.com/"), Transport = new NoTransport(),
            Authentication = new OAuth2Handler(new OAuth2Credentials(new Uri("http://tokens.example.com/"), "lake", Secret)),
        });
        (await Should.ThrowAsync<IcebergException>(() => other.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    private RestCatalog Client(CatalogServer server, int attempts = 4) => new(new RestCatalogOptions
    {
        Uri = server.Uri, ReadAttempts = attempts,
        Authentication = new OAuth2Handler(new OAuth2Credentials(OAuth2Credentials.DeprecatedEndpointOf(server.Uri), "lake", Secret), clock),
    });

    private async Task<CatalogServer> StartAsync(Func<HttpContext, bool>? refused = null, int refusal = 401)
    {
        var server = await CatalogServer.StartAsync();
        server.Before = async context =>
        {
            if (context.Request.Path == "/v1/oauth/tokens")
            {
                await CatalogServer.AnswerAsync(context, 200, $$"""{"access_token":"token-{{++given}}","token_type":"bearer","expires_in":100}""");
                return true;
            }

            if (refused?.Invoke(context) != true)
            {
                return false;
            }

            await CatalogServer.FailAsync(context, refusal, "NotAuthorizedException");
            return true;
        };
        return server;
    }

    private sealed class NoTransport : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new InvalidOperationException("Something was sent.");
    }
}
