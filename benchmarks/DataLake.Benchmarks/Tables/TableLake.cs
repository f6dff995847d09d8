using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Upserts;
using DataLake.Ledger.LakeTables;
using DataLake.Parquet.Reading;
using DataLake.Storage;
using Npgsql;

namespace DataLake.Benchmarks.Tables;

/// <summary>A lake in a folder and its SQL catalog in a ledger's database, put together as the catalog updater has them.</summary>
internal sealed class TableLake : IAsyncDisposable
{
    private readonly NpgsqlDataSource source;

    /// <param name="folder">The lake's folder.</param>
    /// <param name="connectionString">The ledger's database, migrated.</param>
    public TableLake(string folder, string connectionString)
    {
        source = NpgsqlDataSource.Create(connectionString);
        Files = new TableFiles(new LakeDirectory(folder));
        Catalog = new SqlCatalog(source, "lake", new MetadataFiles(Files), TimeProvider.System);
        Commits = new TableCommitter(Catalog, Files, TimeProvider.System);
        Upserts = new UpsertPlanner(Files);
    }

    public TableFiles Files { get; }

    public SqlCatalog Catalog { get; }

    public TableCommitter Commits { get; }

    public UpsertPlanner Upserts { get; }

    /// <summary>The name of a benchmark's table.</summary>
    public static TableIdentifier Named(string name) => new("benchmark", name);

    /// <summary>Makes an empty table of orders.</summary>
    public Task<CatalogTable> CreateAsync(string name, CancellationToken cancellation) => Catalog.CreateTableAsync(
        Named(name), TableMetadataUpdates.Creation(Guid.NewGuid(), Files.LocationOf($"conformed/benchmark/{name}"), OrderRows.Schema), cancellation);

    /// <summary>Loads a table that is there.</summary>
    public async Task<CatalogTable> LoadAsync(string name, CancellationToken cancellation) =>
        await Catalog.LoadTableAsync(Named(name), cancellation) ?? throw new InvalidOperationException($"There is no table {name}.");

    /// <summary>The manifest entry of a Parquet file.</summary>
    public async Task<DataFile> DataFileAsync(string location, CancellationToken cancellation)
    {
        var stream = Files.OpenRead(location);
        var length = stream.Length;
        await using var reader = await ParquetFileReader.OpenAsync(stream, cancellationToken: cancellation);
        return ParquetDataFile.Of(location, length, reader.Metadata);
    }

    /// <summary>The files in a table's own folder, and their bytes.</summary>
    public (int Files, long Bytes) Written(string name)
    {
        var files = Files.List(Files.LocationOf($"conformed/benchmark/{name}")).ToList();
        return (files.Count, files.Sum(file => file.File.Bytes));
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
