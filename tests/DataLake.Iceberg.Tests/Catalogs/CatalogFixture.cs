using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Ledger.Database;
using DataLake.Ledger.LakeTables;
using DataLake.Storage;
using DataLake.Testing;
using Npgsql;

namespace DataLake.Iceberg.Tests.Catalogs;

/// <summary>A lake in a folder and a migrated ledger with its catalog, for a class of tests; each test keeps to tables of its own.</summary>
public sealed class CatalogFixture(TestPostgres postgres) : ILake, IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private TestDatabase? database;

    public TestDatabase Database => database!;

    public LakeDirectory Lake => field ??= new LakeDirectory(folder.Path);

    public TableFiles Files => field ??= new TableFiles(Lake);

    /// <summary>A catalog that remembers nothing: what it loads, it reads.</summary>
    public SqlCatalog Catalog => Open(Database.DataSource);

    ICatalog ILake.Catalog => Catalog;

    public SqlCatalog Open(NpgsqlDataSource dataSource) => new(dataSource, "lake", new MetadataFiles(Files), TimeProvider.System);

    public LossyCatalog OpenLossy()
    {
        var way = new LossyConnection(Database.ConnectionString);
        var source = NpgsqlDataSource.Create(way.ConnectionString);
        return new LossyCatalog(Open(source), loss => way.Next = loss, async () =>
        {
            await source.DisposeAsync();
            await way.DisposeAsync();
        });
    }

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        await LedgerDatabase.MigrateAsync(database.DataSource, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (database is not null) await database.DisposeAsync();
        folder.Dispose();
    }
}
