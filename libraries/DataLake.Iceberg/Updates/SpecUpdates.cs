using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;

namespace DataLake.Iceberg.Updates;

/// <summary>Updates of a table's partition specs and sort orders.</summary>
internal static class SpecUpdates
{
    public static void Add(UpdateState state, PartitionSpec spec)
    {
        var table = state.Table;
        if (table.PartitionSpecs.FirstOrDefault(spec.IsEquivalentTo) is { } present)
        {
            state.LastAddedSpecId = present.SpecId;
            return;
        }

        var schema = table.FindSchema(table.CurrentSchemaId) ?? throw IcebergException.Invalid("A partition spec needs the current schema; set that before.");
        if (spec.Fault(schema) is { } fault) throw IcebergException.Invalid($"The partition spec is not valid: {fault}. Correct it.");
        var id = table.PartitionSpecs.Count == 0 ? 0 : table.PartitionSpecs.Max(other => other.SpecId) + 1;
        var (assigned, lastPartitionId) = PartitionSpecIds.Assign(spec with { SpecId = id }, table.PartitionSpecs, table.LastPartitionId);
        state.LastAddedSpecId = id;
        state.Table = table with { PartitionSpecs = [.. table.PartitionSpecs, assigned], LastPartitionId = lastPartitionId };
    }

    public static void SetDefault(UpdateState state, int specId)
    {
        var table = state.Table;
        var id = UpdateState.Resolve(specId, state.LastAddedSpecId, "partition spec");
        var spec = table.FindSpec(id) ?? throw IcebergException.Invalid($"The table has no partition spec {id}; add it before it becomes the default.");
        if (table.FindSchema(table.CurrentSchemaId) is { } schema && spec.Fault(schema) is { } fault)
            throw IcebergException.Invalid($"The partition spec {id} cannot be the default: {fault}. Choose another.");
        state.Table = table with { DefaultSpecId = id };
    }

    public static void Remove(UpdateState state, IReadOnlyList<int> specIds)
    {
        if (specIds.Contains(state.Table.DefaultSpecId)) throw IcebergException.Invalid("The default partition spec cannot be removed; set another first.");
        state.Table = state.Table with { PartitionSpecs = [.. state.Table.PartitionSpecs.Where(spec => !specIds.Contains(spec.SpecId))] };
    }

    public static void AddOrder(UpdateState state, SortOrder order)
    {
        var table = state.Table;
        if (table.SortOrders.FirstOrDefault(order.IsSameAs) is { } present)
        {
            state.LastAddedSortOrderId = present.OrderId;
            return;
        }

        var schema = table.FindSchema(table.CurrentSchemaId) ?? throw IcebergException.Invalid("A sort order needs the current schema; set that before.");
        if (order.Fault(schema) is { } fault) throw IcebergException.Invalid($"The sort order is not valid: {fault}. Correct it.");

        // 0 is the unsorted order and no other.
        var id = order.Fields.Count == 0 ? 0 : table.SortOrders.Select(other => other.OrderId).DefaultIfEmpty(0).Max() + 1;
        state.LastAddedSortOrderId = id;
        state.Table = table with { SortOrders = [.. table.SortOrders, order with { OrderId = id }] };
    }

    public static void SetDefaultOrder(UpdateState state, int orderId)
    {
        var id = UpdateState.Resolve(orderId, state.LastAddedSortOrderId, "sort order");
        state.Table = state.Table.SortOrders.Any(order => order.OrderId == id)
            ? state.Table with { DefaultSortOrderId = id }
            : throw IcebergException.Invalid($"The table has no sort order {id}; add it before it becomes the default.");
    }
}
