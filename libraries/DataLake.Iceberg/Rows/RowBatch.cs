namespace DataLake.Iceberg.Rows;

/// <summary>Some rows of one data file, in their order there. Valid until the next batch is asked for.</summary>
public sealed class RowBatch
{
    private int[] live = [];
    private int liveCount;

    internal RowBatch(RowColumn[] columns) => Columns = columns;

    /// <summary>The columns, in the order of the schema that was asked for.</summary>
    public IReadOnlyList<RowColumn> Columns { get; }

    /// <summary>The location of the data file.</summary>
    public string FilePath { get; private set; } = "";

    /// <summary>The position in its file of the first row.</summary>
    public long FirstPosition { get; private set; }

    /// <summary>Rows, deleted ones included.</summary>
    public int RowCount { get; private set; }

    /// <summary>The rows that are not deleted, rising.</summary>
    public ReadOnlySpan<int> Live => live.AsSpan(0, liveCount);

    /// <summary>As <see cref="Live"/>, for what waits meanwhile.</summary>
    internal ReadOnlyMemory<int> LiveRows => live.AsMemory(0, liveCount);

    internal void Begin(string filePath, long firstPosition, int rowCount)
    {
        (FilePath, FirstPosition, RowCount, liveCount) = (filePath, firstPosition, rowCount, 0);
        if (live.Length < rowCount) live = new int[rowCount];
        foreach (var column in Columns) column.Clear();
    }

    internal void AddLive(int row) => live[liveCount++] = row;
}
