using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Maintenance;

/// <summary>Some rows of one partition. Valid until the next ones are asked for.</summary>
/// <param name="Columns">The columns.</param>
/// <param name="Rows">Which of their rows, in this order.</param>
/// <param name="Partition">The partition.</param>
internal readonly record struct RowStep(IReadOnlyList<RowColumn> Columns, ReadOnlyMemory<int> Rows, PartitionTuple Partition);

/// <summary>Rows in memory, and the order they are written in. Rows that are equal by it stay in the order in which they came.</summary>
internal sealed class SortedRows(Schema schema, RowOrder order)
{
    public const int RowsOfStep = 8 * 1024;

    // A value of a sort key, and the array it stands in; the text of a key comes on top.
    private const int BytesOfKey = 64;

    private readonly RowColumn[] columns = [.. schema.Columns.Fields.Select(field => new RowColumn(field))];

    public int RowCount => columns[0].RowCount;

    /// <summary>Bytes that the rows take, with the keys that they are sorted by.</summary>
    public long ByteCount => columns.Sum(column => column.ByteCount) + ((long)RowCount * BytesOfKey * (order.Count + 1)) + (2 * order.Columns.Sum(column => columns[column].ByteCount));

    /// <summary>Adds rows.</summary>
    public void Add(IReadOnlyList<RowColumn> added, ReadOnlySpan<int> rows)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Append(added[i], rows);
    }

    /// <summary>The rows as they came, of one partition.</summary>
    public RowStep AsTheyCame(PartitionTuple partition) => new(columns, Enumerable.Range(0, RowCount).ToArray(), partition);

    /// <summary>The rows in their order, in steps.</summary>
    public IEnumerable<RowStep> InOrder()
    {
        var keys = new IcebergValue[RowCount][];
        for (var row = 0; row < keys.Length; row++) keys[row] = order.KeyOf(columns, row);
        var rows = Enumerable.Range(0, RowCount).ToArray();
        Array.Sort(rows, (left, right) => order.Compare(keys[left], keys[right]) is var result and not 0 ? result : left.CompareTo(right));
        for (var start = 0; start < rows.Length;)
        {
            var end = start + 1;
            while (end < rows.Length && end - start < RowsOfStep && order.IsSamePartition(keys[rows[start]], keys[rows[end]])) end++;
            yield return new RowStep(columns, rows.AsMemory(start, end - start), order.PartitionOf(keys[rows[start]]));
            start = end;
        }
    }

    public void Clear()
    {
        foreach (var column in columns) column.Clear();
    }
}
