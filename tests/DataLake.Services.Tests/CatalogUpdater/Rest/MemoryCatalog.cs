using System.Collections.Concurrent;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Updates;

namespace DataLake.Services.Tests.CatalogUpdater.Rest;

/// <summary>A catalog whose swap is a compare-and-set in memory.</summary>
internal sealed class MemoryCatalog : ICatalog
{
    private readonly ConcurrentDictionary<TableIdentifier, CatalogTable> tables = new();
    private int versions;

    public string Name => "lake";

    /// <summary>Namespaces without tables.</summary>
    public ConcurrentBag<string> Empty { get; } = [];

    public int Commits { get; private set; }

    /// <summary>What lists end in; null: they work.</summary>
    public Exception? Failure { get; init; }

    public Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation) => Failure is not null
        ? throw Failure
        : Task.FromResult<IReadOnlyList<string>>([.. tables.Keys.Select(table => table.Namespace).Concat(Empty).Distinct().Order(StringComparer.Ordinal)]);

    public Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<TableIdentifier>>([.. tables.Keys.Where(table => table.Namespace == @namespace).OrderBy(table => table.Name, StringComparer.Ordinal)]);

    public Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation) => Task.FromResult(tables.GetValueOrDefault(identifier));

    public Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation)
    {
        var table = Next(identifier, null, creation);
        return tables.TryAdd(identifier, table) ? Task.FromResult(table) : throw Conflict("is there already");
    }

    public Task<CatalogTable> CommitTableAsync(
        CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        var present = tables.GetValueOrDefault(table.Identifier) ?? throw new IcebergException(IcebergErrorKind.NotFound, "There is no such table.");
        foreach (var requirement in requirements)
        {
            requirement.Check(present.Metadata);
        }

        var next = Next(table.Identifier, present.Metadata, updates);
        if (!tables.TryUpdate(table.Identifier, next, present))
        {
            throw Conflict("was changed meanwhile");
        }

        Commits++;
        return Task.FromResult(next);
    }

    public Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation) => Task.FromResult(tables.TryRemove(identifier, out _));

    /// <summary>Publishes a table that lies in files.</summary>
    public void Publish(TableIdentifier identifier, string metadataFile, TableMetadata metadata) =>
        tables[identifier] = new CatalogTable(identifier, new Uri(metadataFile).AbsoluteUri, metadata);

    private CatalogTable Next(TableIdentifier identifier, TableMetadata? present, IReadOnlyList<TableUpdate> updates) => new(
        identifier, $"file:///lake/{identifier}/{Interlocked.Increment(ref versions)}.metadata.json", TableMetadataUpdates.Apply(present, updates, new MetadataChange(1000 + versions, null)));

    private static IcebergException Conflict(string why) => new(IcebergErrorKind.CommitConflict, $"The table {why}.");
}
