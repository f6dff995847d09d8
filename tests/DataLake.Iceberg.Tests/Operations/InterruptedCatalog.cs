using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>The real catalog, with something that happens between a load and the swap that follows.</summary>
internal sealed class InterruptedCatalog(ICatalog catalog, Action before, bool always = false, bool stopAfter = false) : ICatalog
{
    public int Commits { get; private set; }

    public string Name => catalog.Name;

    public Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation) => catalog.ListNamespacesAsync(cancellation);

    public Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation) => catalog.ListTablesAsync(@namespace, cancellation);

    public Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation) => catalog.LoadTableAsync(identifier, cancellation);

    public Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation) => catalog.CreateTableAsync(identifier, creation, cancellation);

    public Task<CatalogTable> CommitTableAsync(CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        if (Commits++ == 0 || always) before();
        return catalog.CommitTableAsync(table, requirements, updates, stopAfter ? CancellationToken.None : cancellation);
    }

    public Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation) => catalog.DropTableAsync(identifier, cancellation);
}
