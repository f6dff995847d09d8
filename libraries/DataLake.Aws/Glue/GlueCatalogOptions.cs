namespace DataLake.Aws.Glue;

/// <summary>Which Glue Data Catalog is meant.</summary>
public sealed class GlueCatalogOptions
{
    /// <summary>The name it has here.</summary>
    public string Name { get; init; } = "glue";

    /// <summary>The AWS account whose catalog it is; null for that of the credentials.</summary>
    public string? CatalogId { get; init; }

    /// <summary>How AWS is spoken to.</summary>
    public AwsOptions Aws { get; init; } = new();
}
