namespace DataLake.Parquet.Metadata;

/// <summary>How the bounds of a chunk's pages follow each other, null pages left out; <c>enum BoundaryOrder</c> in parquet.thrift.</summary>
public enum BoundaryOrder
{
    /// <summary>In no order.</summary>
    Unordered = 0,

    /// <summary>Neither lower nor upper bounds ever fall.</summary>
    Ascending = 1,

    /// <summary>Neither lower nor upper bounds ever rise.</summary>
    Descending = 2,
}
