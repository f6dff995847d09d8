using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>What the client makes of a catalog that fails, lies or is silent.</summary>
public sealed class RestFailureTests
{
    [Fact]
    public async Task A_commit_whose_answer_is_lost_has_an_unknown_outcome_and_is_sent_once()
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        server.AfterCommit = context => context.Abort();
        var error = await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7));
        error.Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        error.CanRetry.ShouldBeFalse();
        server.Catalog.Commits.ShouldBe(1);
        server.Requests.Count(request => request.Method == "POST" && request.Body.Contains("add-snapshot", StringComparison.Ordinal)).ShouldBe(1);

        // The caller looks, and finds its snapshot.
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull().Metadata.CurrentSnapshotId.ShouldBe(7);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task A_commit_that_ends_in_the_servers_own_failure_has_an_unknown_outcome_and_is_sent_once(int status)
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        var asked = server.Requests.Count;
        server.Before = Fails(status, "CommitStateUnknownException");
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7))).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        server.Requests.Count.ShouldBe(asked + 1);
    }

    [Theory]
    [InlineData(400, "BadRequestException", IcebergErrorKind.Invalid)]
    [InlineData(401, "NotAuthorizedException", IcebergErrorKind.Denied)]
    [InlineData(403, "ForbiddenException", IcebergErrorKind.Denied)]
    [InlineData(404, "NoSuchTableException", IcebergErrorKind.NotFound)]
    [InlineData(406, "UnsupportedOperationException", IcebergErrorKind.Unsupported)]
    [InlineData(409, "CommitFailedException", IcebergErrorKind.CommitConflict)]
    [InlineData(419, "AuthenticationTimeoutException", IcebergErrorKind.Denied)]
    [InlineData(429, "SlowDownException", IcebergErrorKind.Unavailable)]
    public async Task An_error_of_the_catalog_is_told_with_its_kind_and_words(int status, string type, IcebergErrorKind kind)
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        server.Before = Fails(status, type, "because\nit is Monday");
        var error = await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7));
        error.Kind.ShouldBe(kind);
        error.Message.ShouldContain($"{status}: {type}: because it is Monday");
    }

    [Fact]
    public async Task A_read_is_repeated_until_the_server_is_well_again()
    {
        await using var server = await CatalogServer.StartAsync();
        var made = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        var troubles = new Queue<int>([503, 500]);
        server.Before = async context => context.Request.Path != "/v1/config" && troubles.TryDequeue(out var status) && await Fails(status, "SlowDownException")(context);
        using var catalog = server.Client();
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull().MetadataLocation.ShouldBe(made.MetadataLocation);
    }

    [Fact]
    public async Task A_read_is_given_up_after_its_last_attempt()
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = Fails(503, "SlowDownException");
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, ReadAttempts = 3 });
        var error = await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default));
        error.Kind.ShouldBe(IcebergErrorKind.Unavailable);
        error.CanRetry.ShouldBeTrue();
        server.Requests.Count.ShouldBe(3);
    }

    [Fact]
    public async Task A_catalog_that_is_not_there_changes_nothing()
    {
        var server = await CatalogServer.StartAsync();
        using var fresh = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero };
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, ReadAttempts = 1, Transport = fresh });
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        await server.DisposeAsync();
        (await Should.ThrowAsync<IcebergException>(() => catalog.LoadTableAsync(RestCases.Orders, default))).Kind.ShouldBe(IcebergErrorKind.Unavailable);
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7))).Kind.ShouldBe(IcebergErrorKind.Unavailable);
    }

    [Fact]
    public async Task A_server_that_is_silent_is_waited_for_as_long_as_was_said()
    {
        await using var server = await CatalogServer.StartAsync();
        var clock = new ManualTimeProvider();
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, ReadAttempts = 1, Clock = clock, Timeout = TimeSpan.FromSeconds(60) });
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        var asked = server.Requests.Count;
        using var end = new CancellationTokenSource();
        server.Before = async context =>
        {
            await Task.Delay(Timeout.Infinite, CancellationTokenSource.CreateLinkedTokenSource(end.Token, context.RequestAborted).Token).ContinueWith(_ => { }, TaskScheduler.Default);
            return true;
        };
        foreach (var (call, kind) in new (Func<Task>, IcebergErrorKind)[]
        {
            (() => catalog.LoadTableAsync(RestCases.Orders, default), IcebergErrorKind.Unavailable), (() => RestCases.AppendAsync(catalog, table, 7), IcebergErrorKind.UnknownOutcome),
        })
        {
            var calling = call();
            asked++;
            await Eventually.Async(() => server.Requests.Count == asked);
            clock.Advance(TimeSpan.FromSeconds(59));
            calling.IsCompleted.ShouldBeFalse();
            clock.Advance(TimeSpan.FromSeconds(2));
            (await Should.ThrowAsync<IcebergException>(() => calling)).Kind.ShouldBe(kind);
        }

        await end.CancelAsync();
    }

    [Fact]
    public async Task A_commit_that_is_cancelled_under_way_has_an_unknown_outcome()
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        using var stop = new CancellationTokenSource();
        server.AfterCommit = context =>
        {
            stop.Cancel();
            context.RequestAborted.WaitHandle.WaitOne();
        };
        var commit = catalog.CommitTableAsync(table, [], DataLake.Iceberg.Updates.TableMetadataUpdates.Commit(table.Metadata, RestCases.Snapshot(table.Metadata, 7)), stop.Token);
        (await Should.ThrowAsync<IcebergException>(() => commit)).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
        await Should.ThrowAsync<OperationCanceledException>(() => catalog.CommitTableAsync(table, [], [], stop.Token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_answer_that_is_too_large_is_not_read(bool announced)
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = async context =>
        {
            if (announced)
            {
                context.Response.ContentLength = 1L << 40;
            }

            var part = new byte[1 << 16];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Response.Body.WriteAsync(part);
            }

            return true;
        };
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, MaxResponseBytes = 1 << 20 });
        (await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);
    }

    [Theory]
    [InlineData("")]
    [InlineData("<html>Welcome</html>")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"metadata-location":"x","metadata":{}}""")]
    [InlineData("""{"metadata-location":1,"metadata":null}""")]
    [InlineData("{\"metadata\":\"\\ud800\"}")]
    public async Task An_answer_that_is_none_is_told_so(string body)
    {
        await using var server = await CatalogServer.StartAsync();
        var table = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        using var catalog = server.Client();
        await catalog.ListNamespacesAsync(default);
        server.Before = async context =>
        {
            await CatalogServer.AnswerAsync(context, 200, body);
            return true;
        };
        (await Should.ThrowAsync<IcebergException>(() => catalog.LoadTableAsync(RestCases.Orders, default))).Kind.ShouldBe(IcebergErrorKind.Corrupt);

        // It was a success, whatever it says.
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 7))).Kind.ShouldBe(IcebergErrorKind.UnknownOutcome);
    }

    [Fact]
    public async Task A_404_of_something_else_than_a_catalog_does_not_say_that_there_is_no_table()
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = RestCatalogTests.Answers("/v1/namespaces/sales/tables/orders", 404, "<html>nothing here</html>");
        using var catalog = server.Client();
        (await Should.ThrowAsync<IcebergException>(() => catalog.LoadTableAsync(RestCases.Orders, default))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = await CatalogServer.StartAsync();
        await using var server = await CatalogServer.StartAsync();
        server.Before = context =>
        {
            context.Response.Redirect($"{elsewhere.Uri}v1/config", permanent: false, preserveMethod: true);
            return Task.FromResult(true);
        };
        using var catalog = server.Client();
        (await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default))).Message.ShouldContain("Redirects are not followed");
        elsewhere.Requests.ShouldBeEmpty();
    }

    private static Func<HttpContext, Task<bool>> Fails(int status, string type, string message = "no") => async context =>
    {
        context.Response.Headers.RetryAfter = "0";
        await CatalogServer.FailAsync(context, status, type, message);
        return true;
    };
}
