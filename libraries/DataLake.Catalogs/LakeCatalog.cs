using DataLake.Aws;
using DataLake.Aws.Glue;
using DataLake.Aws.Signing;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Catalogs.Rest;
using DataLake.Iceberg.Catalogs.Rest.Authentication;
using DataLake.Ledger.LakeTables;
using DataLake.Pipelines.Secrets;
using Npgsql;

namespace DataLake.Catalogs;

/// <summary>Opens the catalog that knows the lake's tables.</summary>
public static class LakeCatalog
{
    /// <summary>Opens it. Nothing is asked of it yet.</summary>
    /// <param name="settings">Which one.</param>
    /// <param name="ledger">The ledger's database, where the SQL catalog is.</param>
    /// <param name="files">The tables' metadata files; a REST catalog writes them itself.</param>
    /// <param name="secrets">Looks secrets up.</param>
    /// <param name="clock">The clock.</param>
    /// <returns>The catalog; dispose of it if it can be.</returns>
    /// <exception cref="SecretException">A secret is not there.</exception>
    public static ICatalog Open(CatalogSettings settings, NpgsqlDataSource ledger, MetadataFiles files, SecretResolver secrets, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(secrets);
        return settings.Type switch
        {
            CatalogKind.Rest => new RestCatalog(new RestCatalogOptions
            {
                Name = LakeTableNames.Catalog,
                Uri = settings.Uri!,
                Warehouse = settings.Warehouse,
                Authentication = AuthenticationOf(settings, secrets, clock),
                // The files are the lake's, and the lake is reached by its own credentials.
                VendedCredentials = false,
                Clock = clock,
            }),
            CatalogKind.Glue => new GlueCatalog(new GlueCatalogOptions
            {
                Name = LakeTableNames.Catalog,
                CatalogId = settings.CatalogId,
                Aws = new AwsOptions { Region = settings.Region, Endpoint = settings.Uri, Clock = clock },
            }, files),
            _ => new SqlCatalog(ledger, LakeTableNames.Catalog, files, clock),
        };
    }

    private static DelegatingHandler? AuthenticationOf(CatalogSettings settings, SecretResolver secrets, TimeProvider clock) => settings switch
    {
        { Token: { } token } => new BearerTokenHandler(secrets.Resolve(token)),
        { ClientId: { } client, ClientSecret: { } secret } => new OAuth2Handler(
            new OAuth2Credentials(settings.TokenEndpoint ?? OAuth2Credentials.DeprecatedEndpointOf(settings.Uri!), client, secrets.Resolve(secret), settings.Scope), clock),
        { Signing: { } service, Region: { } region } => new AwsSignatureHandler(null, region, service, clock),
        _ => null,
    };
}
