using DataLake.Iceberg.Updates;

namespace DataLake.Iceberg.Catalogs;

/// <summary>
/// Where tables are known by name, and where a commit becomes visible, in one step and only if nobody else was faster. A catalog may fail after it has committed: then the outcome is unknown
/// (<see cref="IcebergErrorKind.UnknownOutcome"/>), and the caller finds out by loading the table; it never guesses.
/// </summary>
public interface ICatalog
{
    /// <summary>The catalog's name.</summary>
    string Name { get; }

    /// <summary>The namespaces, in order of their names.</summary>
    Task<IReadOnlyList<string>> ListNamespacesAsync(CancellationToken cancellation);

    /// <summary>The tables of a namespace, in order of their names; none where there is no such namespace.</summary>
    Task<IReadOnlyList<TableIdentifier>> ListTablesAsync(string @namespace, CancellationToken cancellation);

    /// <summary>Loads a table; null where there is none.</summary>
    /// <exception cref="IcebergException">The catalog or the metadata file cannot be read.</exception>
    Task<CatalogTable?> LoadTableAsync(TableIdentifier identifier, CancellationToken cancellation);

    /// <summary>Creates a table, and its namespace where that is new.</summary>
    /// <param name="identifier">Its name.</param>
    /// <param name="creation">What makes its first metadata (<see cref="TableMetadataUpdates.Creation"/>).</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: a table of that name is there.</exception>
    Task<CatalogTable> CreateTableAsync(TableIdentifier identifier, IReadOnlyList<TableUpdate> creation, CancellationToken cancellation);

    /// <summary>Commits updates to a table, if it still meets the requirements.</summary>
    /// <param name="table">The table as it was loaded.</param>
    /// <param name="requirements">What must still be so.</param>
    /// <param name="updates">What changes.</param>
    /// <param name="cancellation">Stops the call. Where the swap was under way by then, the outcome is unknown.</param>
    /// <returns>The table after the commit.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.CommitConflict"/>: another commit came first; load the table, and try again.
    /// <see cref="IcebergErrorKind.UnknownOutcome"/>: it may have been committed.</exception>
    Task<CatalogTable> CommitTableAsync(
        CatalogTable table, IReadOnlyList<TableRequirement> requirements, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation);

    /// <summary>Forgets a table. Its files stay.</summary>
    /// <returns>Whether there was one.</returns>
    Task<bool> DropTableAsync(TableIdentifier identifier, CancellationToken cancellation);
}
