using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Catalogs;

/// <summary>A table as a catalog had it at one moment.</summary>
/// <param name="Identifier">Its name.</param>
/// <param name="MetadataLocation">Where its metadata file is; what a swap compares.</param>
/// <param name="Metadata">What that file holds.</param>
public sealed record CatalogTable(TableIdentifier Identifier, string MetadataLocation, TableMetadata Metadata)
{
    /// <summary>How the catalog says that the table's files are reached; empty where it says nothing.</summary>
    public TableAccess Access { get; init; } = TableAccess.None;
}
