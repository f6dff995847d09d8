namespace DataLake.Catalogs;

/// <summary>The catalogs that can know the lake's tables.</summary>
public enum CatalogKind
{
    /// <summary>The ledger's database.</summary>
    Sql,

    /// <summary>A server that speaks the Iceberg REST protocol.</summary>
    Rest,

    /// <summary>The AWS Glue Data Catalog.</summary>
    Glue,
}
