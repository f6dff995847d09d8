using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Which partition spec and sort order files that are written anew get, and which files have them: the table's defaults, as far as this library can write them.</summary>
internal sealed class TargetLayout
{
    private readonly HashSet<int> specs;

    public TargetLayout(TableMetadata table)
    {
        var columns = table.CurrentSchema.Columns;
        Spec = table.DefaultSpec.Fault(table.CurrentSchema) is null && table.DefaultSpec.Fields.All(field => field.Transform is Transforms.VoidTransform || columns.Field(field.SourceId) is not null) ? table.DefaultSpec : null;
        Order = table.DefaultSortOrder.Fault(table.CurrentSchema) is null && table.DefaultSortOrder.Fields.All(field => columns.Field(field.SourceId) is not null) ? table.DefaultSortOrder : SortOrder.Unsorted;
        specs = [.. table.PartitionSpecs.Where(spec => Spec is null || spec.SpecId == Spec.SpecId || (spec.IsUnpartitioned && Spec.IsUnpartitioned)).Select(spec => spec.SpecId)];
    }

    /// <summary>The spec; null where files keep theirs.</summary>
    public PartitionSpec? Spec { get; }

    /// <summary>The order; without fields where files are not sorted.</summary>
    public SortOrder Order { get; }

    /// <summary>Whether a file lies in a partition of the spec.</summary>
    public bool Divides(DataFile file) => specs.Contains(file.PartitionSpecId);

    /// <summary>Whether a file's rows are sorted by the order.</summary>
    public bool Sorts(DataFile file) => Order.Fields.Count == 0 || file.SortOrderId == Order.OrderId;
}
