using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Maintenance;

/// <summary>The rows of a group, all in memory, by a table's sort order (<see href="https://iceberg.apache.org/spec/#sorting">Sorting</see>). Rows that are equal by it stay in the order in which they came.</summary>
internal sealed class SortedRows
{
    private const int RowsOfStep = 8 * 1024;

    // A sort key and its place; the text of a key comes on top.
    private const int BytesOfKey = 64;

    private readonly SortOrder order;
    private readonly RowColumn[] columns;
    private readonly RowColumn[] sources;
    private readonly long memoryBytes;

    public SortedRows(Schema schema, SortOrder order, long memoryBytes)
    {
        (this.order, this.memoryBytes) = (order, memoryBytes);
        columns = [.. schema.Columns.Fields.Select(field => new RowColumn(field))];
        sources = [.. order.Fields.Select(field => Array.Find(columns, column => column.Field.Id == field.SourceId)
            ?? throw IcebergException.Unsupported($"The sort order {order.OrderId} sorts by the field {field.SourceId}, which is no column of the table; set another order, or compact without sorting."))];
    }

    public IReadOnlyList<RowColumn> Columns => columns;

    /// <summary>Adds the live rows of a batch.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.LimitExceeded"/>: they do not fit into the memory.</exception>
    public void Add(RowBatch batch)
    {
        for (var i = 0; i < columns.Length; i++) columns[i].Append(batch.Columns[i], batch.Live);
        var bytes = columns.Sum(column => column.ByteCount) + ((long)columns[0].RowCount * BytesOfKey * sources.Length) + (2 * sources.Sum(source => source.ByteCount));
        if (bytes > memoryBytes)
        {
            throw new IcebergException(
                IcebergErrorKind.LimitExceeded, $"The rows of a group need more than {memoryBytes} bytes to be sorted; raise {nameof(CompactionOptions.MemoryBytes)}, lower the target file size, or compact without sorting.");
        }
    }

    /// <summary>The rows in their order, in steps.</summary>
    public IEnumerable<int[]> InOrder()
    {
        var keys = order.Fields.Select((field, at) => Enumerable.Range(0, columns[0].RowCount).Select(row => field.Transform.Apply(sources[at][row])).ToArray()).ToArray();
        var rows = Enumerable.Range(0, columns[0].RowCount).ToArray();
        Array.Sort(rows, (left, right) =>
        {
            for (var i = 0; i < keys.Length; i++)
                if (Compare(order.Fields[i], keys[i][left], keys[i][right]) is var result and not 0) return result;
            return left.CompareTo(right);
        });
        return rows.Chunk(RowsOfStep);
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
