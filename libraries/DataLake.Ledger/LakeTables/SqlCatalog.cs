using DataLake.Failpoints;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Updates;
using Npgsql;

namespace DataLake.Ledger.LakeTables;

/// <summary>
/// Iceberg tables whose metadata pointers lie in the ledger's PostgreSQL, in the table layout of the JDBC catalog
/// (<see href="https://iceberg.apache.org/docs/latest/jdbc/">JDBC catalog</see>), which Spark, Flink, Trino and PyIceberg read too: in the schema <c>iceberg</c>, so that a reader is given that schema
/// and nothing of the ledger. They connect with that schema as the search path: <c>jdbc:postgresql://host/database?currentSchema=iceberg</c>, or
/// <c>postgresql+psycopg2://host/database?options=-csearch_path%3Diceberg</c>. Errors of the database before anything was asked to change pass through as <see cref="NpgsqlException"/>.
/// </summary>
/// <param name="dataSource">The ledger's database, migrated.</param>
/// <param name="name">The catalog's name: <c>catalog_name</c> of its rows, under which others open it.</param>
/// <param name="files">Where metadata files are.</param>
/// <param name="clock">The time of commits.</param>
public sealed class SqlCatalog(NpgsqlDataSource dataSource, string name, MetadataFiles files, TimeProvider clock) : ICatalog
{
    // A swap waits for another swap of the same row only.
    private const int SwapTimeoutSeconds = 30;

    private const string ThisTable = "catalog_name = @catalog AND table_namespace = @namespace AND table_name = @name AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL)";

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation) => ReadAsync(
        """
        SELECT found COLLATE "C" FROM (
            SELECT table_namespace FROM iceberg.iceberg_tables WHERE catalog_name = @catalog
            UNION SELECT namespace FROM iceberg.iceberg_namespace_properties WHERE catalog_name = @catalog) AS names (found)
        ORDER BY 1
        """, null, row => row.GetString(0), cancellation);

    /// <inheritdoc/>
    public Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation) => ReadAsync(
        """
        SELECT table_name FROM iceberg.iceberg_tables
        WHERE catalog_name = @catalog AND table_namespace = @namespace AND (iceberg_type = 'TABLE' OR iceberg_type IS NULL) ORDER BY table_name COLLATE "C"
        """, new TableIdentifier(@namespace, ""), row => new TableIdentifier(@namespace, row.GetString(0)), cancellation);

    /// <inheritdoc/>
    public async Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        return await PointerAsync(identifier, cancellation) is { } location ? new CatalogTable(identifier, location, await files.ReadAsync(location, cancellation)) : null;
    }

    /// <inheritdoc/>
    public async Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        if (await PointerAsync(identifier, cancellation) is not null) throw Exists(identifier);
        var table = TableMetadataUpdates.Apply(null, creation, MetadataChange.At(clock, null));
        var location = await files.WriteAsync(table, null, cancellation);

        // One statement is one transaction; the namespace's row is the mark that other writers of this layout leave.
        var rows = await SwapAsync(identifier, location, null,
            """
            WITH marked AS (
                INSERT INTO iceberg.iceberg_namespace_properties (catalog_name, namespace, property_key, property_value)
                VALUES (@catalog, @namespace, 'exists', 'true') ON CONFLICT DO NOTHING)
            INSERT INTO iceberg.iceberg_tables (catalog_name, table_namespace, table_name, metadata_location, iceberg_type)
            VALUES (@catalog, @namespace, @name, @location, 'TABLE') ON CONFLICT DO NOTHING
            """, cancellation);
        if (rows == 1) return new CatalogTable(identifier, location, table);
        files.Delete(location);
        throw Exists(identifier);
    }

    /// <inheritdoc/>
    public async Task<CatalogTable> CommitTableAsync(
        CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(requirements);
        foreach (var requirement in requirements) requirement.Check(table.Metadata);
        var next = TableMetadataUpdates.Apply(table.Metadata, updates, MetadataChange.At(clock, table.MetadataLocation));
        var location = await files.WriteAsync(next, table.MetadataLocation, cancellation);
        Failpoint.Pass("iceberg.metadata-written");
        var rows = await SwapAsync(table.Identifier, location, table.MetadataLocation,
            $"UPDATE iceberg.iceberg_tables SET metadata_location = @location, previous_metadata_location = @previous WHERE {ThisTable} AND metadata_location = @previous", cancellation);
        if (rows == 1)
        {
            files.DeleteForgotten(table.Metadata, next);
            return new CatalogTable(table.Identifier, location, next);
        }

        files.Delete(location);
        throw await PointerAsync(table.Identifier, cancellation) is null
            ? new IcebergException(IcebergErrorKind.NotFound, $"The table {table.Identifier} is not in the catalog '{name}' any more; it was dropped or renamed.")
            : new IcebergException(IcebergErrorKind.CommitConflict, $"Another commit to {table.Identifier} came first. Load the table again and repeat the operation.");
    }

    /// <inheritdoc/>
    public async Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(identifier);
        await using var command = Command(dataSource.CreateCommand($"DELETE FROM iceberg.iceberg_tables WHERE {ThisTable}"), identifier);
        return await command.ExecuteNonQueryAsync(cancellation) == 1;
    }

    private async Task<string?> PointerAsync(TableIdentifier identifier, CancellationToken cancellation) =>
        (await ReadAsync($"SELECT metadata_location FROM iceberg.iceberg_tables WHERE {ThisTable}", identifier, row => row.IsDBNull(0) ? null : row.GetString(0), cancellation)) is [var location] ? location : null;

    private async Task<IReadOnlyList<T>> ReadAsync<T>(string sql, TableIdentifier? identifier, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        await using var command = Command(dataSource.CreateCommand(sql), identifier);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var found = new List<T>();
        while (await reader.ReadAsync(cancellation)) found.Add(read(reader));
        return found;
    }

    /// <summary>
    /// Points to another metadata file, in a transaction of one statement, and gives the rows that changed. Once it is sent it is not broken off: then nobody would know. Only an answer with the severity
    /// ERROR says that nothing was changed; a lost connection, a server that ended and a missing answer do not.
    /// </summary>
    private async Task<int> SwapAsync(TableIdentifier identifier, string location, string? previous, string sql, CancellationToken cancellation)
    {
        var isSent = false;
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(cancellation);
            await using var command = Command(new NpgsqlCommand(sql, connection) { CommandTimeout = SwapTimeoutSeconds }, identifier);
            command.Parameters.AddWithValue("location", location);
            if (previous is not null) command.Parameters.AddWithValue("previous", previous);
            cancellation.ThrowIfCancellationRequested();
            isSent = true;
            return await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.StringDataRightTruncation)
        {
            files.Delete(location);
            throw new IcebergException(IcebergErrorKind.Invalid,
                $"A name of {identifier} has more than 255 characters, or the location '{location}' more than 1000, which is all the catalog's tables hold; choose shorter ones.", error);
        }
        catch (Exception) when (!isSent)
        {
            files.Delete(location);
            throw;
        }
        catch (PostgresException error) when (error.InvariantSeverity == "ERROR")
        {
            files.Delete(location);
            throw;
        }
        catch (NpgsqlException error)
        {
            throw new IcebergException(IcebergErrorKind.UnknownOutcome,
                $"The catalog's database failed while {identifier} was being committed ({error.Message}). Load the table and see whether its metadata is '{location}', or follows it.", error);
        }
    }

    private NpgsqlCommand Command(NpgsqlCommand command, TableIdentifier? identifier)
    {
        command.Parameters.AddWithValue("catalog", name);
        if (identifier is null) return command;
        command.Parameters.AddWithValue("namespace", identifier.Namespace);
        command.Parameters.AddWithValue("name", identifier.Name);
        return command;
    }

    private static IcebergException Exists(TableIdentifier identifier) =>
        new(IcebergErrorKind.CommitConflict, $"There is a table {identifier} already; load it, or choose another name.");
}
