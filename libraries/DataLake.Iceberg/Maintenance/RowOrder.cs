using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Maintenance;

/// <summary>The order in which rows are written: partition after partition, and in each by a sort order (<see href="https://iceberg.apache.org/spec/#sorting">Sorting</see>).</summary>
internal sealed class RowOrder : IComparer<IcebergValue[]>
{
    private readonly List<(int Column, SortField Field)> parts = [];
    private readonly int partitionFields;

    /// <summary>An order of rows that have the columns of a schema.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="spec">What divides the rows; null where they are of one partition.</param>
    /// <param name="order">What sorts them.</param>
    public RowOrder(Schema schema, PartitionSpec? spec, SortOrder order)
    {
        partitionFields = spec?.Fields.Count ?? 0;
        foreach (var field in spec?.Fields ?? []) Add(new SortField(field.SourceId, field.Transform, SortDirection.Ascending, NullOrder.NullsFirst));
        foreach (var field in order.Fields) Add(field);

        void Add(SortField field) => parts.Add((schema.Columns.Fields.Select(column => column.Id).ToList().IndexOf(field.SourceId), field));
    }

    /// <summary>Values of a key.</summary>
    public int Count => parts.Count;

    /// <summary>The columns that keys are made of.</summary>
    public IEnumerable<int> Columns => parts.Select(part => part.Column).Where(column => column >= 0);

    /// <summary>What a row is compared by.</summary>
    public IcebergValue[] KeyOf(IReadOnlyList<RowColumn> columns, int row)
    {
        var key = new IcebergValue[parts.Count];
        for (var i = 0; i < key.Length; i++)
            if (parts[i].Field.Transform is not VoidTransform) key[i] = parts[i].Field.Transform.Apply(columns[parts[i].Column][row]);
        return key;
    }

    /// <summary>The partition of a row, by its key.</summary>
    public PartitionTuple PartitionOf(IcebergValue[] key) => new(key[..partitionFields]);

    /// <summary>Whether two rows are of one partition.</summary>
    public bool IsSamePartition(IcebergValue[] left, IcebergValue[] right) => left.AsSpan(0, partitionFields).SequenceEqual(right.AsSpan(0, partitionFields));

    /// <inheritdoc/>
    public int Compare(IcebergValue[]? left, IcebergValue[]? right)
    {
        for (var i = 0; i < parts.Count; i++)
            if (Compare(parts[i].Field, left![i], right![i]) is var result and not 0) return result;
        return 0;
    }

    private static int Compare(SortField field, IcebergValue left, IcebergValue right)
    {
        if (left.IsNull || right.IsNull)
        {
            var nullsFirst = right.IsNull.CompareTo(left.IsNull);
            return field.NullOrder == NullOrder.NullsFirst ? nullsFirst : -nullsFirst;
        }

        return field.Direction == SortDirection.Ascending ? IcebergValue.Compare(left, right) : IcebergValue.Compare(right, left);
    }
}
