using System.Text;
using DataLake.Iceberg.Json;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Partitioning;

/// <summary>How partition values come from rows (<see href="https://iceberg.apache.org/spec/#partitioning">Partitioning</see>).</summary>
/// <param name="SpecId">The spec id; a table assigns it when the spec is added.</param>
/// <param name="Fields">The fields; none for an unpartitioned table.</param>
public sealed record PartitionSpec(int SpecId, IReadOnlyList<PartitionField> Fields)
{
    /// <summary>The spec of tables that are not partitioned.</summary>
    public static PartitionSpec Unpartitioned { get; } = new(0, []);

    /// <summary>Fields of the JSON object that this library does not know.</summary>
    public JsonFields Unknown { get; init; } = JsonFields.None;

    /// <summary>Whether every file has the same partition: there is no field, or all are void.</summary>
    public bool IsUnpartitioned => Fields.All(part => part.Transform is VoidTransform);

    /// <summary>Whether files may be written by it: it has no unknown transform.</summary>
    public bool IsWritable => Fields.All(part => part.Transform.IsKnown);

    /// <summary>The highest field id, or 999 without fields.</summary>
    public int HighestFieldId => Fields.Count == 0 ? PartitionField.FirstId - 1 : Fields.Max(part => part.FieldId);

    /// <summary>
    /// The struct of partition values in manifests: every field optional, under its partition field id. A column that is in no schema of the table any more
    /// can only be behind a void transform or an old spec; its values are taken for text, which null fits.
    /// </summary>
    public StructType PartitionType(Schema schema) => new([.. Fields.Select(field => NestedField.Optional(field.FieldId, field.Name, ResultType(schema, field)))]);

    /// <summary>The partition of a row.</summary>
    /// <param name="sourceValues">The values of the source columns, in the order of the fields.</param>
    public PartitionTuple Apply(params ReadOnlySpan<IcebergValue> sourceValues)
    {
        if (sourceValues.Length != Fields.Count)
            throw IcebergException.Invalid($"The partition spec {SpecId} has {Fields.Count} fields and was given {sourceValues.Length} values; give one a field.");
        var values = new IcebergValue[Fields.Count];
        for (var i = 0; i < values.Length; i++) values[i] = Fields[i].Transform.Apply(sourceValues[i]);
        return new PartitionTuple(values);
    }

    /// <summary>The path of a partition for people, such as <c>day=2024-05-01/region=eu</c>; empty without fields. No reader takes values from it.</summary>
    public string PathOf(Schema schema, PartitionTuple partition)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(partition);
        var path = new StringBuilder();
        for (var i = 0; i < Fields.Count; i++)
        {
            var source = SourceType(schema, Fields[i]) ?? PrimitiveType.String;
            if (i > 0) path.Append('/');
            path.Append(Uri.EscapeDataString(Fields[i].Name)).Append('=').Append(Uri.EscapeDataString(Fields[i].Transform.ToText(source, partition[i])));
        }

        return path.ToString();
    }

    /// <summary>Whether both have the same source columns, transforms and names in the same order; such a spec must not be added twice.</summary>
    public bool IsEquivalentTo(PartitionSpec other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Fields.Count == other.Fields.Count && Fields.Zip(other.Fields).All(pair =>
            pair.First.SourceId == pair.Second.SourceId && pair.First.Name == pair.Second.Name && pair.First.Transform.Equals(pair.Second.Transform));
    }

    /// <summary>What keeps new files from being written by this spec to a table with a schema, or null.</summary>
    public string? Fault(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var field in Fields)
        {
            if (!names.Add(field.Name)) return $"two fields are named '{field.Name}'";
            if (field.Transform is VoidTransform) continue;
            if (!field.Transform.IsKnown) return $"the transform '{field.Transform}' of '{field.Name}' is not known";
            if (schema.FindField(field.SourceId) is not { } source) return $"'{field.Name}' needs the column {field.SourceId}, which is not in the schema";
            if (source.Type is not PrimitiveType type || !schema.HasOneValueARow(field.SourceId))
                return $"the column '{source.Name}' of '{field.Name}' is not primitive or is inside a list or map";
            if (!field.Transform.CanTransform(type)) return $"the transform {field.Transform} of '{field.Name}' does not take {type}";
            if (schema.FindField(field.Name) is { } column && !(column.Id == field.SourceId && field.Transform is IdentityTransform))
                return $"'{field.Name}' is also the name of a column that it is not the identity of";
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(PartitionSpec? other) => other is not null && SpecId == other.SpecId && Fields.SequenceEqual(other.Fields) && Unknown.Equals(other.Unknown);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(SpecId, Fields.Count);

    private static PrimitiveType? SourceType(Schema schema, PartitionField field) => schema.FindField(field.SourceId)?.Type as PrimitiveType;

    private static PrimitiveType ResultType(Schema schema, PartitionField field) =>
        SourceType(schema, field) is { } source ? field.Transform.ResultType(source) : field.Transform.ResultType(PrimitiveType.String);
}
