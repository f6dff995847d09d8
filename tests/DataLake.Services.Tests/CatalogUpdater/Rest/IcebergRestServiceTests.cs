using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DataLake.CatalogUpdater;
using DataLake.CatalogUpdater.Maintenance;
using DataLake.CatalogUpdater.Rest;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Readers;
using DataLake.Pipelines.Secrets;
using DataLake.Services.Tests.Notifier;
using DataLake.Testing;
using DataLake.Testing.Readers;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>The service as its clients meet it.</summary>
public sealed class IcebergRestServiceTests
{
    [Theory]
    [InlineData("POST", "namespaces")]
    [InlineData("DELETE", "namespaces/sales")]
    [InlineData("POST", "namespaces/sales/properties")]
    [InlineData("POST", "namespaces/sales/tables")]
    [InlineData("POST", "namespaces/sales/register")]
    [InlineData("POST", "namespaces/sales/tables/orders")]
    [InlineData("DELETE", "namespaces/sales/tables/orders")]
    [InlineData("POST", "tables/rename")]
    [InlineData("POST", "transactions/commit")]
    [InlineData("PUT", "anything")]
    public async Task What_would_change_the_catalog_is_refused_with_what_to_do_instead(string method, string path)
    {
        var catalog = new MemoryCatalog();
        await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        await using var service = await ServeAsync(catalog);
        var before = await catalog.LoadTableAsync(RestCases.Orders, default);
        using var response = await service.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"v1/{path}") { Content = JsonContent.Create(new { }) });
        var error = await ErrorAsync(response, HttpStatusCode.NotAcceptable);
        error.Type.ShouldBe("UnsupportedOperationException");
        error.Message.ShouldContain("lake backfill");
        (await catalog.LoadTableAsync(RestCases.Orders, default)).ShouldBeSameAs(before);
    }

    [Theory]
    [InlineData("v1/namespaces/nowhere", "NoSuchNamespaceException")]
    [InlineData("v1/namespaces/nowhere/tables", "NoSuchNamespaceException")]
    [InlineData("v1/namespaces?parent=nowhere", "NoSuchNamespaceException")]
    [InlineData("v1/namespaces/sales/tables/nothing", "NoSuchTableException")]
    [InlineData("v1/config?warehouse=another", "NoSuchWarehouseException")]
    [InlineData("v1/namespaces/sales/views/nothing", "NotFoundException")]
    public async Task What_is_not_there_is_an_error_of_its_own(string path, string type)
    {
        var catalog = new MemoryCatalog();
        await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        await using var service = await ServeAsync(catalog);
        using var response = await service.Client.GetAsync(new Uri(path, UriKind.Relative));
        (await ErrorAsync(response, HttpStatusCode.NotFound)).Type.ShouldBe(type);
    }

    [Fact]
    public async Task Heads_tell_what_is_there_without_a_body()
    {
        var catalog = new MemoryCatalog();
        await catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        await using var service = await ServeAsync(catalog);
        foreach (var (path, status) in new[] { ("sales", 204), ("nowhere", 404), ("sales/tables/orders", 204), ("sales/tables/nothing", 404) })
        {
            using var response = await service.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"v1/namespaces/{path}"));
            ((int)response.StatusCode).ShouldBe(status, path);
            (await response.Content.ReadAsByteArrayAsync()).ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task Pages_hold_what_comes_and_goes_between_them_once()
    {
        var catalog = new MemoryCatalog();
        foreach (var name in new[] { "a", "c", "e", "g" })
        {
            catalog.Empty.Add(name);
        }

        await using var service = await ServeAsync(catalog);
        (await NamesAsync("v1/namespaces")).ShouldBe("a c e g, null");
        (await NamesAsync("v1/namespaces?pageSize=1")).ShouldBe("a c e g, null");
        var first = await NamesAsync("v1/namespaces?pageToken=&pageSize=2");
        first.ShouldStartWith("a c, ");
        catalog.Empty.Add("b");
        catalog.Empty.Add("d");
        var second = await NamesAsync($"v1/namespaces?pageToken={first.Split(", ")[1]}&pageSize=2");
        second.ShouldStartWith("d e, ");
        (await NamesAsync($"v1/namespaces?pageToken={second.Split(", ")[1]}&pageSize=2")).ShouldBe("g, null");
        foreach (var bad in new[] { "pageToken=&pageSize=0", "pageToken=&pageSize=-1", "pageToken=&pageSize=many", "pageToken=xyz" })
        {
            using var response = await service.Client.GetAsync(new Uri($"v1/namespaces?{bad}", UriKind.Relative));
            (await ErrorAsync(response, HttpStatusCode.BadRequest)).Type.ShouldBe("BadRequestException");
        }

        async Task<string> NamesAsync(string path)
        {
            var json = await service.Client.GetFromJsonAsync<JsonElement>(path);
            return $"{string.Join(' ', json.GetProperty("namespaces").EnumerateArray().Select(levels => levels.EnumerateArray().Single().GetString()))}, {json.GetProperty("next-page-token").GetString() ?? "null"}";
        }
    }

    [Theory]
    [InlineData("orders and more")]
    [InlineData("a/b%c+d?e#f")]
    [InlineData("Bestellungen für \U0001F600")]
    [InlineData("tables")]
    public async Task Any_name_of_a_table_finds_it(string name)
    {
        var catalog = new MemoryCatalog();
        await catalog.CreateTableAsync(new TableIdentifier("crm.eu", name), RestCases.Creation, default);
        await using var service = await ServeAsync(catalog);
        using var client = new DataLake.Iceberg.Catalogs.Rest.RestCatalog(new() { Uri = service.Client.BaseAddress! });
        (await client.ListTablesAsync("crm.eu", default)).ShouldBe([new TableIdentifier("crm.eu", name)]);
        (await client.LoadTableAsync(new TableIdentifier("crm.eu", name), default)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Without_a_token_other_names_of_this_machine_are_refused()
    {
        await using var service = await ServeAsync(new MemoryCatalog());
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "v1/config") { Headers = { Host = "lake.example.com" } };
        using var response = await service.Client.SendAsync(rebound);
        (await ErrorAsync(response, HttpStatusCode.Forbidden)).Type.ShouldBe("ForbiddenException");
        using var local = new HttpRequestMessage(HttpMethod.Get, "v1/config") { Headers = { Host = $"localhost:{service.Client.BaseAddress!.Port}" } };
        using var answer = await service.Client.SendAsync(local);
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task With_a_token_nothing_is_told_to_who_does_not_bring_it()
    {
        using var secrets = new SecretFiles();
        await using var service = await ServeAsync(new MemoryCatalog(), ("Token", secrets.Keep("token", "sesame").ToString()));
        foreach (var header in new[] { null, "Bearer", "Bearer ", "Bearer sesam", "Bearer sesame2", "Basic sesame", "Bearer Sesame" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "v1/namespaces/sales/tables/orders");
            request.Headers.TryAddWithoutValidation("Authorization", header);
            using var response = await service.Client.SendAsync(request);
            (await ErrorAsync(response, HttpStatusCode.Unauthorized)).Type.ShouldBe("NotAuthorizedException");
            response.Headers.WwwAuthenticate.Single().Scheme.ShouldBe("Bearer");
        }

        service.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sesame");
        (await service.Client.GetAsync(new Uri("v1/config", UriKind.Relative))).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_catalog_that_fails_is_an_error_of_the_protocol_that_tells_no_secrets()
    {
        var catalog = new MemoryCatalog { Failure = new InvalidOperationException("Password=hush") };
        await using var service = await ServeAsync(catalog);
        using var response = await service.Client.GetAsync(new Uri("v1/namespaces", UriKind.Relative));
        var error = await ErrorAsync(response, HttpStatusCode.InternalServerError);
        error.Message.ShouldContain("log");
        error.Message.ShouldNotContain("hush");
    }

    [Fact]
    public async Task A_port_that_is_taken_is_told_by_its_setting()
    {
        await using var service = await ServeAsync(new MemoryCatalog());
        await using var second = (IAsyncDisposable)Host([("Port", service.Client.BaseAddress!.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
        (await Should.ThrowAsync<InvalidOperationException>(() => ((IHost)second).StartAsync())).Message.ShouldContain($"{IcebergRestOptions.Section}:Port");
    }

    [Fact]
    public async Task Without_a_port_nothing_listens()
    {
        await using var host = (IAsyncDisposable)Host([]);
        await ((IHost)host).StartAsync();
        ((IHost)host).Services.GetRequiredService<IcebergRestService>().Address.ShouldBeNull();
    }

    [Theory]
    [InlineData("Port", "70000")]
    [InlineData("Address", "everywhere")]
    [InlineData("Address", "0.0.0.0")]
    [InlineData("Token", "sesame")]
    public async Task Settings_that_would_open_the_lake_or_say_nothing_stop_the_start(string name, string value)
    {
        await using var host = (IAsyncDisposable)Host([(name, value), ("Port", "0")]);
        var error = await Should.ThrowAsync<OptionsValidationException>(() => ((IHost)host).StartAsync());
        error.Message.ShouldContain(IcebergRestOptions.Section);
        error.Message.ShouldNotContain("sesame");
    }

    [Fact]
    public async Task Readers_of_other_makers_find_tables_and_rows_through_the_catalog()
    {
        using var folder = new TemporaryFolder();
        using var secrets = new SecretFiles();
        var table = new WrittenTable(folder.Path, PartitionSpec.Unpartitioned);
        await table.CommitAsync(10, "append", await table.WriteRowsAsync(PartitionTuple.Empty, (1, "one", 1.5, 17_000), (2, "zwölf \U0001F600", null, null)));
        var catalog = new MemoryCatalog();
        catalog.Publish(new TableIdentifier("sales", "orders"), table.MetadataFile, table.Metadata);
        await using var service = await ServeAsync(catalog, ("Token", secrets.Keep("token", "sesame").ToString()));
        (await LakeReaders.RestAsync(service.Client.BaseAddress!, "sales", "orders", "sesame")).ShouldBe(
        [
            """[["sales"]]""", """["orders"]""", """["id","name","amount","day"]""", """[1,"one","d:3ff8000000000000",17000]""", """[2,"zwölf 😀",null,null]""",
        ]);
    }

    private static async Task<(string Type, string Message)> ErrorAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        response.StatusCode.ShouldBe(status);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        error.GetProperty("code").GetInt32().ShouldBe((int)status);
        return (error.GetProperty("type").GetString()!, error.GetProperty("message").GetString()!);
    }

    private static IHost Host(IEnumerable<(string Name, string Value)> settings, ICatalog? catalog = null)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings.DistinctBy(setting => setting.Name).Select(setting => KeyValuePair.Create($"{IcebergRestOptions.Section}:{setting.Name}", (string?)setting.Value)));
        builder.Configuration[$"{MaintenanceSettings.Section}:{nameof(MaintenanceSettings.Enabled)}"] = "false";
        builder.Services.AddLogging().AddSingleton<SecretResolver>().AddSingleton<ICatalog>(catalog ?? new MemoryCatalog());
        builder.AddCatalogUpdater();
        return builder.Build();
    }

    private static async Task<Served> ServeAsync(ICatalog catalog, params (string Name, string Value)[] settings)
    {
        var host = Host([("Port", "0"), .. settings], catalog);
        await host.StartAsync();
        return new Served(host, new HttpClient { BaseAddress = host.Services.GetRequiredService<IcebergRestService>().Address });
    }

    private sealed record Served(IHost Host, HttpClient Client) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await Host.StopAsync();
            await ((IAsyncDisposable)Host).DisposeAsync();
        }
    }
}
