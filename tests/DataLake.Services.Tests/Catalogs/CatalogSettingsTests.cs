using DataLake.Aws.Glue;
using DataLake.Catalogs;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Files;
using DataLake.Ledger.LakeTables;
using DataLake.Pipelines.Secrets;
using DataLake.Storage;
using DataLake.Testing;
using Npgsql;

namespace DataLake.Services.Tests.Catalogs;

public sealed class CatalogSettingsTests
{
    [Fact]
    public void Unless_told_the_ledger_knows_the_tables() => Opened().ShouldBeOfType<SqlCatalog>().Name.ShouldBe("datalake");

    [Fact]
    public void A_rest_catalog_is_opened_with_each_way_to_say_who_asks()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.In("secret"), "hidden");
        string[][] ways =
        [
            [],
            ["Token", $"file:{folder.In("secret")}"],
            ["ClientId", "lake", "ClientSecret", $"file:{folder.In("secret")}", "TokenEndpoint", "https://login.example.com/token", "Scope", "all"],
            ["Signing", "s3tables", "Region", "eu-central-1"],
        ];
        foreach (var way in ways)
        {
            ((IDisposable)Opened(["Type", "rest", "Uri", "https://catalog.example.com/api", "Warehouse", "w", .. way]).ShouldBeOfType<RestCatalog>()).Dispose();
        }
    }

    [Fact]
    public void Glue_is_opened()
    {
        using var catalog = Opened("Type", "Glue", "Region", "eu-central-1", "CatalogId", "123456789012").ShouldBeOfType<GlueCatalog>();
        catalog.Name.ShouldBe("datalake");
    }

    [Theory]
    [InlineData("Type must be sql, rest or glue, not '1'.", "Type", "1")]
    [InlineData("Type must be sql, rest or glue, not 'hive'.", "Type", "hive")]
    [InlineData("Uri is missing. Give the address of the REST catalog, without /v1.", "Type", "rest")]
    [InlineData("Uri is no address. Write it as https://catalog.example.com/api/catalog, without credentials in it.", "Type", "rest", "Uri", "https://me:pw@example.com")]
    [InlineData("Token must be a reference to a secret, not the secret itself. Write env:NAME or file:/path, and keep it there.", "Type", "rest", "Uri", "https://example.com", "Token", "eyJ0")]
    [InlineData("Token is one of three ways to say who asks; give Token, or ClientId with ClientSecret, or Signing with Region.",
        "Type", "rest", "Uri", "https://example.com", "Token", "env:T", "Signing", "glue", "Region", "eu-west-1")]
    [InlineData("ClientSecret is missing beside the other of the two.", "Type", "rest", "Uri", "https://example.com", "ClientId", "lake")]
    [InlineData("Signing must be glue or s3tables.", "Type", "rest", "Uri", "https://example.com", "Signing", "s3")]
    [InlineData("Region is missing: requests are signed for one region.", "Type", "rest", "Uri", "https://example.com", "Signing", "glue")]
    [InlineData("Uri has no meaning for a catalog of type sql. Leave it out, or set DataLake:Catalog:Type.", "Uri", "https://example.com")]
    [InlineData("Warehouse has no meaning for a catalog of type glue. Leave it out, or set DataLake:Catalog:Type.", "Type", "glue", "Warehouse", "w")]
    public void Settings_that_cannot_be_meant_are_refused(string problem, params string[] settings) =>
        Should.Throw<CatalogSettingsException>(() => Read(settings)).Message.ShouldBe($"DataLake:Catalog:{problem}");

    [Fact]
    public void A_secret_that_is_not_there_is_named_by_its_reference() =>
        Should.Throw<SecretException>(() => Opened("Type", "rest", "Uri", "https://example.com", "Token", "env:DATALAKE_TEST_NO_SUCH_TOKEN")).Message.ShouldContain("DATALAKE_TEST_NO_SUCH_TOKEN is not set");

    private static CatalogSettings Read(string[] settings)
    {
        var set = settings.Chunk(2).ToDictionary(pair => pair[0], pair => pair[1]);
        return CatalogSettings.Read(set.GetValueOrDefault);
    }

    private static ICatalog Opened(params string[] settings)
    {
        using var folder = new TemporaryFolder();
        using var ledger = NpgsqlDataSource.Create("Host=127.0.0.1;Port=1");
        return LakeCatalog.Open(Read(settings), ledger, new MetadataFiles(new TableFiles(new LakeDirectory(folder.In("lake")))), new SecretResolver(), TimeProvider.System);
    }
}
