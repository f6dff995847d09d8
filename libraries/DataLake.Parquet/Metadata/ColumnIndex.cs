namespace DataLake.Parquet.Metadata;

/// <summary>Bounds and counts of every page of a column chunk; <c>struct ColumnIndex</c> in parquet.thrift. All lists have one element a page.</summary>
public sealed record ColumnIndex
{
    /// <summary>Whether a page holds no values at all. Its bounds are empty and mean nothing.</summary>
    public required IReadOnlyList<bool> NullPages { get; init; }

    /// <summary>Lower bounds in PLAIN encoding (byte arrays without their length).</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> MinValues { get; init; }

    /// <summary>Upper bounds in PLAIN encoding (byte arrays without their length).</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> MaxValues { get; init; }

    /// <summary>How bounds follow each other.</summary>
    public required BoundaryOrder BoundaryOrder { get; init; }

    /// <summary>Entries without a value, or null if not recorded.</summary>
    public IReadOnlyList<long>? NullCounts { get; init; }

    /// <summary>NaN values of a FLOAT or DOUBLE column, or null if not recorded.</summary>
    public IReadOnlyList<long>? NanCounts { get; init; }
}
