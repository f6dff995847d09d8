using DataLake.Iceberg.Json;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;

namespace DataLake.Iceberg.Sorting;

/// <summary>How rows are sorted within files (<see href="https://iceberg.apache.org/spec/#sorting">Sorting</see>).</summary>
/// <param name="OrderId">The order id; 0 is the unsorted order. A table assigns it when the order is added.</param>
/// <param name="Fields">What is sorted by, most important first.</param>
public sealed record SortOrder(int OrderId, IReadOnlyList<SortField> Fields)
{
    /// <summary>No order.</summary>
    public static SortOrder Unsorted { get; } = new(0, []);

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>Whether both sort by the same; the order id does not matter.</summary>
    public bool IsSameAs(SortOrder other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Fields.SequenceEqual(other.Fields);
    }

    /// <summary>What keeps rows of a schema from being sorted by it, or null.</summary>
    public string? Fault(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        foreach (var field in Fields)
        {
            if (!field.Transform.IsKnown) return $"the transform '{field.Transform}' is not known";
            if (schema.FindField(field.SourceId)?.Type is not PrimitiveType type) return $"the column {field.SourceId} is not in the schema, or not primitive";
            if (!field.Transform.CanTransform(type)) return $"the transform {field.Transform} does not take {type}";
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(SortOrder? other) => other is not null && OrderId == other.OrderId && IsSameAs(other) && Unknown.Equals(other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OrderId, Fields.Count);
}

/// <summary>One field of a sort order.</summary>
/// <param name="SourceId">Id of the column.</param>
/// <param name="Transform">What of the column's values is compared.</param>
/// <param name="Direction">Rising or falling.</param>
/// <param name="NullOrder">Where nulls stand.</param>
public sealed record SortField(int SourceId, Transform Transform, SortDirection Direction, NullOrder NullOrder)
{
    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;
}

/// <summary>A sort direction.</summary>
public enum SortDirection
{
    /// <summary><c>asc</c>.</summary>
    Ascending,

    /// <summary><c>desc</c>.</summary>
    Descending,
}

/// <summary>The order of nulls.</summary>
public enum NullOrder
{
    /// <summary><c>nulls-first</c>.</summary>
    NullsFirst,

    /// <summary><c>nulls-last</c>.</summary>
    NullsLast,
}
