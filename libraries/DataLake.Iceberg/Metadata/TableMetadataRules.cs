using DataLake.Iceberg.Partitioning;

namespace DataLake.Iceberg.Metadata;

/// <summary>What must hold of table metadata whoever wrote it (<see href="https://iceberg.apache.org/spec/#table-metadata-fields">Table Metadata Fields</see>).</summary>
internal static class TableMetadataRules
{
    /// <summary>The first rule that does not hold, in words, or null.</summary>
    public static string? Fault(TableMetadata table)
    {
        if (string.IsNullOrEmpty(table.Location)) return "the location is empty";
        if (table.FormatVersion >= 2 && table.TableUuid is null) return $"version {table.FormatVersion} has no table-uuid";
        if (table.LastSequenceNumber < 0) return "last-sequence-number is negative";
        if (table.NextRowId < 0) return "next-row-id is negative";
        if (Twice(table.Schemas, schema => schema.SchemaId) is { } schemaId) return $"two schemas have the id {schemaId}";
        if (table.FindSchema(table.CurrentSchemaId) is null) return $"current-schema-id is {table.CurrentSchemaId}, which is no schema of the table";
        if (table.Schemas.Max(schema => schema.HighestFieldId) is var highest && highest > table.LastColumnId)
            return $"last-column-id is {table.LastColumnId} and a field has the id {highest}";
        return SpecFault(table) ?? OrderFault(table) ?? SnapshotFault(table) ?? RefFault(table);
    }

    private static string? SpecFault(TableMetadata table)
    {
        if (Twice(table.PartitionSpecs, spec => spec.SpecId) is { } specId) return $"two partition specs have the id {specId}";
        if (table.FindSpec(table.DefaultSpecId) is null) return $"default-spec-id is {table.DefaultSpecId}, which is no partition spec of the table";
        foreach (var spec in table.PartitionSpecs)
        {
            if (Twice(spec.Fields, field => field.FieldId) is { } fieldId) return $"the partition spec {spec.SpecId} has the field id {fieldId} twice";
            if (spec.Fields.Any(field => field.FieldId == PartitionField.Unassigned)) return $"the partition spec {spec.SpecId} has a field without an id";
            if (spec.Fields.Count > 0 && spec.HighestFieldId > table.LastPartitionId)
                return $"last-partition-id is {table.LastPartitionId} and a partition field has the id {spec.HighestFieldId}";
        }

        return null;
    }

    private static string? OrderFault(TableMetadata table)
    {
        if (Twice(table.SortOrders, order => order.OrderId) is { } orderId) return $"two sort orders have the id {orderId}";
        if (table.SortOrders.All(order => order.OrderId != table.DefaultSortOrderId))
            return $"default-sort-order-id is {table.DefaultSortOrderId}, which is no sort order of the table";
        return table.SortOrders.Any(order => order.OrderId == 0 && order.Fields.Count > 0) ? "the sort order 0 has fields, and 0 is the unsorted order" : null;
    }

    private static string? SnapshotFault(TableMetadata table)
    {
        if (Twice(table.Snapshots, snapshot => snapshot.SnapshotId) is { } snapshotId) return $"two snapshots have the id {snapshotId}";
        foreach (var snapshot in table.Snapshots)
        {
            if (snapshot.SequenceNumber > table.LastSequenceNumber)
                return $"last-sequence-number is {table.LastSequenceNumber} and the snapshot {snapshot.SnapshotId} has {snapshot.SequenceNumber}";
            if (snapshot.ParentSnapshotId == snapshot.SnapshotId) return $"the snapshot {snapshot.SnapshotId} is its own parent";
            if (table.FormatVersion < 2 || snapshot.SequenceNumber == 0) continue;
            if (snapshot.ManifestList is null) return $"the snapshot {snapshot.SnapshotId} has no manifest-list";
            if (snapshot.Operation is null) return $"the snapshot {snapshot.SnapshotId} has no summary with an operation";
        }

        return null;
    }

    private static string? RefFault(TableMetadata table)
    {
        var known = table.Snapshots.Select(snapshot => snapshot.SnapshotId).ToHashSet();
        if (table.CurrentSnapshotId is { } current && !known.Contains(current)) return $"current-snapshot-id is {current}, which is no snapshot of the table";
        foreach (var (name, reference) in table.Refs)
        {
            if (!known.Contains(reference.SnapshotId)) return $"the reference '{name}' points to {reference.SnapshotId}, which is no snapshot of the table";
            if (reference.Fault(name) is { } fault) return $"the reference '{name}' is not valid: {fault}";
        }

        var main = table.Refs.GetValueOrDefault(SnapshotReference.Main)?.SnapshotId;
        return main == table.CurrentSnapshotId ? null : $"main points to {main?.ToString() ?? "nothing"} and current-snapshot-id is {table.CurrentSnapshotId?.ToString() ?? "missing"}";
    }

    private static TKey? Twice<T, TKey>(IReadOnlyList<T> items, Func<T, TKey> key)
        where TKey : struct
    {
        var seen = new HashSet<TKey>();
        foreach (var item in items)
            if (!seen.Add(key(item))) return key(item);
        return null;
    }
}
