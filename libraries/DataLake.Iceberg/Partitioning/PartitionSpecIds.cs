using DataLake.Iceberg.Transforms;

namespace DataLake.Iceberg.Partitioning;

/// <summary>Field ids of a spec that is added to a table (<see href="https://iceberg.apache.org/spec/#partition-evolution">Partition Evolution</see>).</summary>
internal static class PartitionSpecIds
{
    /// <summary>
    /// Gives every field without an id that of the table's equivalent field (same column and transform), or the next unused one. An id that is given must not be that of a
    /// field of another meaning.
    /// </summary>
    /// <param name="spec">The new spec.</param>
    /// <param name="present">The specs of the table.</param>
    /// <param name="lastPartitionId">The highest id that was ever assigned.</param>
    /// <returns>The spec with all ids, and the highest id assigned now.</returns>
    public static (PartitionSpec Spec, int LastPartitionId) Assign(PartitionSpec spec, IReadOnlyList<PartitionSpec> present, int lastPartitionId)
    {
        var known = new Dictionary<(int, Transform), int>();
        var meanings = new Dictionary<int, (int SourceId, Transform Transform)>();
        foreach (var field in present.SelectMany(other => other.Fields))
        {
            if (field.Transform is not VoidTransform) known.TryAdd((field.SourceId, field.Transform), field.FieldId);
            if (field.Transform is not VoidTransform) meanings.TryAdd(field.FieldId, (field.SourceId, field.Transform));
        }

        var fields = new List<PartitionField>(spec.Fields.Count);
        foreach (var field in spec.Fields)
        {
            var id = field.FieldId;
            if (id == PartitionField.Unassigned && !known.TryGetValue((field.SourceId, field.Transform), out id)) id = ++lastPartitionId;
            if (field.Transform is not VoidTransform && meanings.TryGetValue(id, out var meaning) && meaning != (field.SourceId, field.Transform))
                throw IcebergException.Invalid($"The partition field id {id} of '{field.Name}' already means {meaning.Transform} of column {meaning.SourceId}; leave the id out and the table assigns one.");
            if (fields.Any(other => other.FieldId == id))
                throw IcebergException.Invalid($"Two partition fields of the new spec have the id {id}; leave the ids out and the table assigns them.");
            lastPartitionId = Math.Max(lastPartitionId, id);
            fields.Add(field with { FieldId = id });
        }

        return (spec with { Fields = fields }, lastPartitionId);
    }
}
