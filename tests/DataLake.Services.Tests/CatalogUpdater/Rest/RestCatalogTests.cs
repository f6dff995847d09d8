using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Metadata;
using Microsoft.AspNetCore.Http;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>What the client makes of a catalog that works.</summary>
public sealed class RestCatalogTests
{
    [Fact]
    public async Task A_table_is_created_loaded_committed_to_listed_and_dropped()
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var created = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        created.Metadata.CurrentSchema.Columns.ShouldBe(RestCases.Schema.Columns);
        created.Metadata.Location.ShouldBe("file:///chosen/orders");
        created.Metadata.Properties["owner"].ShouldBe("us");

        var committed = await RestCases.AppendAsync(catalog, created, 3051729675574597004);
        var loaded = (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull();
        loaded.MetadataLocation.ShouldBe(committed.MetadataLocation);
        TableMetadataJson.ToUtf8(loaded.Metadata).ShouldBe(TableMetadataJson.ToUtf8(committed.Metadata));
        loaded.Metadata.CurrentSnapshotId.ShouldBe(3051729675574597004);
        (await catalog.ListNamespacesAsync(default)).ShouldBe(["sales"]);
        (await catalog.ListTablesAsync("sales", default)).ShouldBe([RestCases.Orders]);

        (await catalog.DropTableAsync(RestCases.Orders, default)).ShouldBeTrue();
        (await catalog.DropTableAsync(RestCases.Orders, default)).ShouldBeFalse();
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldBeNull();
        (await catalog.ListTablesAsync("sales", default)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_namespace_that_is_new_is_created_level_by_level()
    {
        await using var server = await CatalogServer.StartAsync();
        server.NamespacesFirst = true;
        using var catalog = server.Client();
        await catalog.CreateTableAsync(new TableIdentifier("crm.eu", "customers"), RestCases.Creation, default);
        server.Catalog.Empty.Order().ShouldBe(["crm", "crm.eu"]);
        server.Requests.Select(request => request.Target).ShouldContain("/v1/namespaces/crm%1Feu/tables/customers");
        await Should.ThrowAsync<IcebergException>(() => catalog.LoadTableAsync(new TableIdentifier("crm..eu", "customers"), default));
    }

    [Fact]
    public async Task A_table_that_is_there_already_is_not_created_again()
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        (await Should.ThrowAsync<IcebergException>(() => catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
    }

    [Fact]
    public async Task Lists_of_several_pages_are_read_to_their_end()
    {
        await using var server = await CatalogServer.StartAsync();
        var tables = Enumerable.Range(0, 2500).Select(number => new TableIdentifier("many", $"table_{number:D4}")).ToList();
        var made = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        tables.ForEach(table => server.Catalog.Publish(table, "/lake/v1.metadata.json", made.Metadata));
        using var catalog = server.Client();
        (await catalog.ListTablesAsync("many", default)).ShouldBe(tables);
        server.Requests.Count(request => request.Target.StartsWith("/v1/namespaces/many/tables?pageToken=", StringComparison.Ordinal)).ShouldBe(3);
    }

    [Fact]
    public async Task A_list_that_never_ends_is_an_error()
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = Answers("/v1/namespaces", 200, """{"namespaces":[["a"]],"next-page-token":"again"}""");
        using var catalog = server.Client();
        (await Should.ThrowAsync<IcebergException>(() => catalog.ListNamespacesAsync(default))).Kind.ShouldBe(IcebergErrorKind.Corrupt);
    }

    [Fact]
    public async Task Namespaces_in_namespaces_are_listed_where_they_are_asked_for()
    {
        await using var server = await CatalogServer.StartAsync();
        foreach (var name in new[] { "crm.eu.north", "crm.us", "sales" })
        {
            server.Catalog.Empty.Add(name);
        }

        using var flat = server.Client();
        (await flat.ListNamespacesAsync(default)).ShouldBe(["crm", "sales"]);
        using var deep = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, NestedNamespaces = true });
        (await deep.ListNamespacesAsync(default)).ShouldBe(["crm", "crm.eu", "crm.eu.north", "crm.us", "sales"]);
    }

    [Fact]
    public async Task Who_comes_second_is_told_of_the_conflict_and_succeeds_on_what_is_there_now()
    {
        await using var server = await CatalogServer.StartAsync();
        using var catalog = server.Client();
        var table = await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        await RestCases.AppendAsync(catalog, table, 1);
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, table, 2))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        var now = (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull();
        (await RestCases.AppendAsync(catalog, now, 2)).Metadata.Snapshots.Select(snapshot => snapshot.SnapshotId).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task A_table_that_has_not_changed_is_not_sent_again()
    {
        await using var server = await CatalogServer.StartAsync();
        var statuses = new List<int>();
        server.Before = context =>
        {
            context.Response.OnCompleted(() =>
            {
                statuses.Add(context.Response.StatusCode);
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };
        var made = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        using var catalog = server.Client();
        var first = (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull();
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldBeSameAs(first);
        await DataLake.Testing.Eventually.Async(() => statuses.Count == 3);
        statuses[2].ShouldBe(304);

        await RestCases.AppendAsync(server.Catalog, made, 1);
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull().Metadata.CurrentSnapshotId.ShouldBe(1);
    }

    [Fact]
    public async Task What_the_server_says_stands_over_the_client_and_the_client_over_its_defaults()
    {
        await using var server = await CatalogServer.StartAsync();
        server.Before = Answers("/v1/config", 200, """{"defaults":{"prefix":"weak","namespace-separator":"%2C"},"overrides":{"prefix":"strong/er"}}""");
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, Warehouse = "a b", Properties = new Dictionary<string, string> { ["prefix"] = "mine" } });
        await Should.ThrowAsync<IcebergException>(() => catalog.LoadTableAsync(new TableIdentifier("a.b", "t/1 ü"), default));
        server.Requests.Select(request => request.Target).ShouldBe(["/v1/config?warehouse=a%20b", "/v1/strong/er/namespaces/a%2Cb/tables/t%2F1%20%C3%BC"]);
    }

    [Fact]
    public async Task What_the_server_does_not_offer_is_not_asked_for()
    {
        await using var server = await CatalogServer.StartAsync();
        server.OffersWrites = false;
        var made = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        using var catalog = server.Client();
        (await Should.ThrowAsync<IcebergException>(() => catalog.DropTableAsync(RestCases.Orders, default))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
        (await Should.ThrowAsync<IcebergException>(() => RestCases.AppendAsync(catalog, made, 1))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
        (await Should.ThrowAsync<IcebergException>(() => catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
        server.Requests.ShouldAllBe(request => request.Method == "GET");
    }

    [Fact]
    public async Task Credentials_that_are_lent_are_handed_on_and_shown_nowhere()
    {
        await using var server = await CatalogServer.StartAsync();
        var made = await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        var metadata = System.Text.Encoding.UTF8.GetString(TableMetadataJson.ToUtf8(made.Metadata));
        server.Before = async context =>
        {
            context.Response.Headers.ETag = "\"1\"";
            return await Answers("/v1/namespaces/sales/tables/orders", 200, $$$"""
                {"metadata-location":"s3://b/1.json","metadata":{{{metadata}}},"config":{"client.region":"eu-west-1","s3.session-token":"hush-all"},
                 "storage-credentials":[{"prefix":"s3://b/","config":{"s3.session-token":"hush-b"}},{"prefix":"s3://b/deep/","config":{"s3.session-token":"hush-deep"}}]}
                """)(context);
        };
        using var catalog = server.Client();
        var table = (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldNotBeNull();
        table.Access.For("s3://b/deep/file")["s3.session-token"].ShouldBe("hush-deep");
        table.Access.For("s3://b/file")["s3.session-token"].ShouldBe("hush-b");
        table.Access.For("s3://other/file").ShouldBe(new Dictionary<string, string> { ["client.region"] = "eu-west-1", ["s3.session-token"] = "hush-all" }, ignoreOrder: true);
        table.ToString().ShouldNotContain("hush");
        server.Requests[^1].Headers["X-Iceberg-Access-Delegation"].ShouldBe("vended-credentials");

        // They expire, so that "not modified" would be no answer.
        await catalog.LoadTableAsync(RestCases.Orders, default);
        server.Requests[^1].Headers.Keys.ShouldNotContain("If-None-Match");
    }

    internal static Func<HttpContext, Task<bool>> Answers(string path, int status, string body) => async context =>
    {
        if (context.Request.Path != path)
        {
            return false;
        }

        await CatalogServer.AnswerAsync(context, status, body);
        return true;
    };
}
