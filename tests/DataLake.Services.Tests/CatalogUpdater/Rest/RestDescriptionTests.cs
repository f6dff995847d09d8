using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>Client and service keep to what the protocol's description says.</summary>
public sealed class RestDescriptionTests
{
    [Fact]
    public async Task Every_request_of_the_client_is_one_of_the_protocol()
    {
        await using var server = await CatalogServer.StartAsync();
        server.NamespacesFirst = true;
        using var catalog = new RestCatalog(new RestCatalogOptions { Uri = server.Uri, Warehouse = "lake", NestedNamespaces = true });
        var identifier = new TableIdentifier("crm.eu", "customers");
        var table = await catalog.CreateTableAsync(identifier, RestCases.Creation, default);
        await RestCases.AppendAsync(catalog, table, 7);
        await catalog.ListNamespacesAsync(default);
        await catalog.ListTablesAsync("crm.eu", default);
        await catalog.LoadTableAsync(identifier, default);
        await catalog.DropTableAsync(identifier, default);
        var operations = server.Requests.Select(request =>
        {
            var operation = RestDescription.OperationOf(request.Method, request.Target);
            RestDescription.Check(request.Body, operation.RequestFields, only: true);
            if (request.Body.Length > 0)
            {
                request.Headers["Content-Type"].ShouldBe("application/json");
            }

            return operation;
        });
        operations.Distinct().Count().ShouldBe(8);
    }

    [Theory]
    [InlineData("GET", "config")]
    [InlineData("GET", "namespaces")]
    [InlineData("GET", "namespaces?pageToken=&pageSize=1")]
    [InlineData("GET", "namespaces/sales")]
    [InlineData("HEAD", "namespaces/sales")]
    [InlineData("GET", "namespaces/sales/tables")]
    [InlineData("GET", "namespaces/sales/tables/orders")]
    [InlineData("GET", "namespaces/sales/tables/orders?snapshots=refs")]
    [InlineData("HEAD", "namespaces/sales/tables/orders")]
    public async Task Every_answer_of_the_service_is_one_of_the_protocol(string method, string path)
    {
        await using var server = await CatalogServer.StartAsync();
        server.OffersWrites = false;
        await server.Catalog.CreateTableAsync(RestCases.Orders, RestCases.Creation, default);
        using var client = new HttpClient { BaseAddress = server.Uri };
        using var response = await client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"v1/{path}"));
        var operation = RestDescription.OperationOf(method, $"/v1/{path}");
        ((int)response.StatusCode).ShouldBe(operation.Success);
        RestDescription.Check(await response.Content.ReadAsStringAsync(), operation.ResponseFields, only: true);
    }
}
