using DataLake.Iceberg.Json;
using DataLake.Iceberg.Transforms;

namespace DataLake.Iceberg.Partitioning;

/// <summary>One field of a partition spec.</summary>
/// <param name="SourceId">Id of the column that the values come from.</param>
/// <param name="FieldId">The partition field id, from 1000, unique in the table; <see cref="Unassigned"/> until the spec is added to a table.</param>
/// <param name="Name">The name, unique in the spec.</param>
/// <param name="Transform">How a partition value comes from the column's.</param>
public sealed record PartitionField(int SourceId, int FieldId, string Name, Transform Transform)
{
    /// <summary>No id yet.</summary>
    public const int Unassigned = 0;

    /// <summary>The first partition field id of a table.</summary>
    public const int FirstId = 1000;

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>A field whose id the table assigns.</summary>
    public static PartitionField Of(int sourceId, string name, Transform transform) => new(sourceId, Unassigned, name, transform);
}
