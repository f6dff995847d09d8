using DataLake.Postgres.Types;

namespace DataLake.Postgres.Copy;

/// <summary>Whole rows side by side in a buffer, and where each of their fields begins: rows are found one after the other, and decoded a column at a time.</summary>
internal sealed class RowBatch
{
    private const int MostRows = 256;

    // What is known of a batch should stay in a core's own cache, beside its rows.
    private const int MostFields = 16 * 1024;

    private readonly int[] places;
    private readonly int[] starts;

    public RowBatch(int columns)
    {
        Columns = columns;
        Capacity = Math.Clamp(MostFields / Math.Max(columns, 1), 1, MostRows);
        places = new int[columns * Capacity];
        starts = new int[Capacity + 1];
    }

    public int Columns { get; }

    /// <summary>The most rows.</summary>
    public int Capacity { get; }

    public int Count { get; private set; }

    /// <summary>The buffer.</summary>
    public byte[] Bytes { get; private set; } = [];

    /// <summary>Where the last row ends, and the next begins.</summary>
    public int End => starts[Count];

    /// <summary>Starts without rows.</summary>
    public void Start(byte[] bytes, int start)
    {
        (Bytes, Count) = (bytes, 0);
        starts[0] = start;
    }

    /// <summary>Forgets the rows, and the buffer, which may be that of a large row.</summary>
    public void Clear() => (Bytes, Count) = ([], 0);

    /// <summary>Notes where a field of the next row has its length.</summary>
    public void AddField(int column, int place) => places[(column * Capacity) + Count] = place;

    /// <summary>The next row is whole.</summary>
    public void AddRow(int end) => starts[++Count] = end;

    /// <summary>One row: the number of its fields, and the fields.</summary>
    public Span<byte> this[int row] => Bytes.AsSpan(starts[row], starts[row + 1] - starts[row]);

    /// <summary>One column of some rows.</summary>
    public Fields Fields(int column, int row, int rows) => new(Bytes, places.AsSpan((column * Capacity) + row, rows));
}
