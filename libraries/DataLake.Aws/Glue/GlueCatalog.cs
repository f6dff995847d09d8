using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using DataLake.Aws.Services;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Updates;
using DataLake.Storage;

namespace DataLake.Aws.Glue;

/// <summary>
/// Iceberg tables in the AWS Glue Data Catalog, in the layout of Iceberg's own Glue catalog (<see href="https://iceberg.apache.org/docs/latest/aws/#glue-catalog">Glue catalog</see>), which Athena, Spark,
/// Trino and PyIceberg read and write too: a database is a namespace, and a table's parameters hold the pointer to its metadata file. A commit is one <c>UpdateTable</c> with the version that the
/// pointer was read with, so that of two writers one is refused. Nothing is asked before the first call. Safe for use by several threads.
/// </summary>
/// <param name="options">Which catalog.</param>
/// <param name="files">Where metadata files are; Glue does not care.</param>
public sealed class GlueCatalog(GlueCatalogOptions options, MetadataFiles files) : ICatalog, IDisposable
{
    private const string TableType = "table_type", Iceberg = "ICEBERG", MetadataLocation = "metadata_location", PreviousMetadataLocation = "previous_metadata_location";
    private const int LongestDescription = 2048;

    private readonly AwsJsonClient glue = new(new AwsService("glue", "AWSGlue", "1.1"), options.Aws);

    /// <inheritdoc/>
    public string Name => options.Name;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation)
    {
        var names = new List<string>();
        var pages = PagesAsync(
            "GetDatabases", token => new GetDatabasesRequest(options.CatalogId, token), GlueJson.Default.GetDatabasesRequest, GlueJson.Default.GetDatabasesResponse, page => page.NextToken, cancellation);
        await foreach (var page in pages) names.AddRange((page.DatabaseList ?? []).Select(database => database.Name));
        return [.. names.Distinct().Order(StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    /// <remarks>Tables of other formats are left out.</remarks>
    public async Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation)
    {
        GlueNames.RequireReadable(new TableIdentifier(@namespace, "_"));
        var tables = new List<TableIdentifier>();
        var pages = PagesAsync(
            "GetTables", token => new GetTablesRequest(options.CatalogId, @namespace, token), GlueJson.Default.GetTablesRequest, GlueJson.Default.GetTablesResponse, page => page.NextToken, cancellation);
        try
        {
            await foreach (var page in pages) tables.AddRange((page.TableList ?? []).Where(IsIceberg).Select(table => new TableIdentifier(@namespace, table.Name)));
        }
        catch (IcebergException error) when (error.Kind == IcebergErrorKind.NotFound)
        {
            return [];
        }

        return [.. tables.Distinct().OrderBy(table => table.Name, StringComparer.Ordinal)];
    }

    /// <inheritdoc/>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: a table of that name is there, but it is none of Iceberg.</exception>
    public async Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        if (await FindAsync(identifier, cancellation) is not { } table) return null;
        var location = PointerOf(table, identifier);
        return new CatalogTable(identifier, location, await files.ReadAsync(location, cancellation));
    }

    /// <inheritdoc/>
    public async Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation)
    {
        GlueNames.RequireCreatable(identifier);
        if (await FindAsync(identifier, cancellation) is not null)
            throw new IcebergException(IcebergErrorKind.CommitConflict, $"There is a table {identifier} in Glue already; load it, or choose another name.");
        var table = TableMetadataUpdates.Apply(null, creation, MetadataChange.At(options.Aws.Clock, null));
        var location = await files.WriteAsync(table, null, cancellation);
        var request = new CreateTableRequest(options.CatalogId, identifier.Namespace, InputOf(identifier, table, location, null));
        await SwapAsync(identifier, location, async () =>
        {
            try
            {
                await glue.ChangeAsync("CreateTable", request, GlueJson.Default.CreateTableRequest, cancellation);
            }
            catch (AwsException error) when (error.Kind == AwsErrorKind.NotFound)
            {
                await CreateDatabaseAsync(identifier.Namespace, cancellation);
                await glue.ChangeAsync("CreateTable", request, GlueJson.Default.CreateTableRequest, cancellation);
            }
        }, cancellation);
        return new CatalogTable(identifier, location, table);
    }

    /// <inheritdoc/>
    public async Task<CatalogTable> CommitTableAsync(
        CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(requirements);
        var identifier = table.Identifier;
        foreach (var requirement in requirements) requirement.Check(table.Metadata);
        var present = await FindAsync(identifier, cancellation)
            ?? throw new IcebergException(IcebergErrorKind.NotFound, $"The table {identifier} is not in the catalog '{Name}' any more; it was dropped or renamed.");
        if (PointerOf(present, identifier) != table.MetadataLocation)
            throw new IcebergException(IcebergErrorKind.CommitConflict, $"Another commit to {identifier} came first. Load the table again and repeat the operation.");
        var version = present.VersionId
            ?? throw new IcebergException(
                IcebergErrorKind.Unsupported, $"Glue gave no version of {identifier}, without which a commit could overwrite another one. Use the service itself, or an emulator that keeps versions.");
        var next = TableMetadataUpdates.Apply(table.Metadata, updates, MetadataChange.At(options.Aws.Clock, table.MetadataLocation));
        var location = await files.WriteAsync(next, table.MetadataLocation, cancellation);
        var request = new UpdateTableRequest(options.CatalogId, identifier.Namespace, InputOf(identifier, next, location, present), SkipArchive: true, version);
        await SwapAsync(identifier, location, () => glue.ChangeAsync("UpdateTable", request, GlueJson.Default.UpdateTableRequest, cancellation), cancellation);
        return new CatalogTable(identifier, location, next);
    }

    /// <inheritdoc/>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: a table of that name is there, but it is none of Iceberg.</exception>
    public async Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        if (await FindAsync(identifier, cancellation) is not { } table) return false;
        _ = PointerOf(table, identifier);
        try
        {
            await glue.ChangeAsync("DeleteTable", new DeleteTableRequest(options.CatalogId, identifier.Namespace, identifier.Name), GlueJson.Default.DeleteTableRequest, cancellation);
            return true;
        }
        catch (AwsException error) when (error.Kind == AwsErrorKind.NotFound)
        {
            return false;
        }
        catch (AwsException error)
        {
            throw GlueError.Of(error);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => glue.Dispose();

    private async Task<GlueTable?> FindAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        GlueNames.RequireReadable(identifier);
        try
        {
            var request = new GetTableRequest(options.CatalogId, identifier.Namespace, identifier.Name);
            return (await glue.ReadAsync("GetTable", request, GlueJson.Default.GetTableRequest, GlueJson.Default.GetTableResponse, cancellation)).Table;
        }
        catch (AwsException error) when (error.Kind == AwsErrorKind.NotFound)
        {
            return null;
        }
        catch (AwsException error)
        {
            throw GlueError.Of(error);
        }
    }

    /// <summary>
    /// Makes Glue point to a metadata file, which is removed where it is known that Glue does not. A refusal because somebody was faster is looked into first: it also comes for a change that was
    /// made, when something on the way sent it twice, and then the file is the table (<see href="https://github.com/apache/iceberg/issues/7151">seen in Iceberg's own catalog</see>).
    /// </summary>
    private async Task SwapAsync(TableIdentifier identifier, string location, Func<Task> swap, CancellationToken cancellation)
    {
        try
        {
            await swap();
        }
        catch (AwsException error) when (error.Kind == AwsErrorKind.UnknownOutcome)
        {
            throw Unknown(identifier, location, error.Message, error);
        }
        catch (AwsException error) when (error.Kind is AwsErrorKind.Conflict or AwsErrorKind.AlreadyExists)
        {
            if (await IsMadeAsync(identifier, location, cancellation)) return;
            files.Delete(location);
            throw GlueError.Of(error);
        }
        catch (AwsException error)
        {
            files.Delete(location);
            throw GlueError.Of(error);
        }
        catch (OperationCanceledException)
        {
            // Before it was sent; later it is not broken off.
            files.Delete(location);
            throw;
        }
    }

    /// <summary>Whether Glue points to a metadata file, or to one that followed it.</summary>
    private async Task<bool> IsMadeAsync(TableIdentifier identifier, string location, CancellationToken cancellation)
    {
        try
        {
            var pointer = (await FindAsync(identifier, cancellation))?.Parameters?.GetValueOrDefault(MetadataLocation);
            return pointer == location || (pointer is not null && (await files.ReadAsync(pointer, cancellation)).MetadataLog.Any(entry => entry.MetadataFile == location));
        }
        catch (Exception error) when (error is IcebergException or StorageException or OperationCanceledException)
        {
            throw Unknown(identifier, location, $"Glue refused a commit because another one came first, and could not be asked which: {error.Message}", error);
        }
    }

    private static IcebergException Unknown(TableIdentifier identifier, string location, string reason, Exception cause) =>
        new(IcebergErrorKind.UnknownOutcome, $"{reason} Load {identifier} and see whether its metadata is '{location}', or follows it.", cause);

    private async Task CreateDatabaseAsync(string database, CancellationToken cancellation)
    {
        try
        {
            await glue.ChangeAsync("CreateDatabase", new CreateDatabaseRequest(options.CatalogId, new GlueDatabase(database)), GlueJson.Default.CreateDatabaseRequest, cancellation);
        }
        catch (AwsException error) when (error.Kind is AwsErrorKind.AlreadyExists or AwsErrorKind.UnknownOutcome)
        {
            // Somebody else was faster, or it may be there: creating the table in it will tell.
        }
    }

    /// <summary>All pages of a list. A token that comes twice would go on forever.</summary>
    private async IAsyncEnumerable<TPage> PagesAsync<TRequest, TPage>(
        string operation, Func<string?, TRequest> request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TPage> pageType, Func<TPage, string?> next,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        var seen = new HashSet<string>();
        string? token = null;
        do
        {
            TPage page;
            try
            {
                page = await glue.ReadAsync(operation, request(token), requestType, pageType, cancellation);
            }
            catch (AwsException error)
            {
                throw GlueError.Of(error);
            }

            yield return page;
            token = string.IsNullOrEmpty(next(page)) ? null : next(page);
            if (token is not null && !seen.Add(token))
                throw new IcebergException(IcebergErrorKind.Corrupt, $"Glue gave the same page token twice for {operation}; its list has no end. Check that the address is one of AWS.");
        }
        while (token is not null);
    }

    /// <summary>What Glue is to hold of a table. What others keep there (parameters, owner, description) stays.</summary>
    private static TableInput InputOf(TableIdentifier identifier, TableMetadata table, string location, GlueTable? present)
    {
        var parameters = new Dictionary<string, string>(present?.Parameters ?? new Dictionary<string, string>()) { [TableType] = Iceberg };
        if (parameters.TryGetValue(MetadataLocation, out var previous)) parameters[PreviousMetadataLocation] = previous;
        parameters[MetadataLocation] = location;
        var description = GlueColumns.Text(table.Properties.GetValueOrDefault("comment"), LongestDescription) ?? present?.Description;
        return new TableInput(identifier.Name, description, present?.Owner, present?.Retention, new StorageDescriptor(table.Location, GlueColumns.Of(table)), "EXTERNAL_TABLE", parameters);
    }

    private static bool IsIceberg(GlueTable table) => Iceberg.Equals(table.Parameters?.GetValueOrDefault(TableType), StringComparison.OrdinalIgnoreCase);

    private static string PointerOf(GlueTable table, TableIdentifier identifier)
    {
        if (!IsIceberg(table))
        {
            throw new IcebergException(
                IcebergErrorKind.Unsupported,
                $"{identifier} is in Glue, but it is not an Iceberg table (its parameter {TableType} is not {Iceberg}), and is left alone. Choose another name, or drop it with what made it.");
        }

        return table.Parameters!.GetValueOrDefault(MetadataLocation) is { Length: > 0 } location ? location : throw new IcebergException(
            IcebergErrorKind.Corrupt, $"{identifier} is an Iceberg table in Glue without {MetadataLocation}. Set the parameter to the table's newest metadata file, or drop the table in Glue.");
    }
}
