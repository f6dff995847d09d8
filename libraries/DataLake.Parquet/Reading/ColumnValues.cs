using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>
/// Values of one column: of a page (see <see cref="ColumnChunkReader"/>) or of a whole chunk. The values that are not null stand close together; levels
/// say which rows have one. Cast to <see cref="FixedWidthColumnValues{T}"/> (bool, int, long, float, double), <see cref="ByteArrayColumnValues"/> or
/// <see cref="ListColumnValues"/>.
/// </summary>
public abstract class ColumnValues : IDisposable
{
    private byte[] _levels = [];

    private protected ColumnValues(ParquetColumn column) => Column = column;

    /// <summary>The column.</summary>
    public ParquetColumn Column { get; }

    /// <summary>Rows, nulls included.</summary>
    public int RowCount { get; private set; }

    /// <summary>Rows that have a value; of lists, that have a list.</summary>
    public int ValueCount { get; private protected set; }

    /// <summary>Rows without a value (or list).</summary>
    public int NullCount => RowCount - ValueCount;

    /// <summary>One byte a row: 1 where there is a value (or list), 0 where there is none. Empty for a required column.</summary>
    public ReadOnlySpan<byte> DefinitionLevels => Column.Nullable ? _levels.AsSpan(0, RowCount) : [];

    /// <summary>Whether a row has no value.</summary>
    public bool IsNull(int row) => Column.Nullable && _levels.AsSpan(0, RowCount)[row] == 0;

    /// <summary>Gives the memory back to the pool.</summary>
    public void Dispose()
    {
        PooledArray.Return(ref _levels);
        RowCount = 0;
        ValueCount = 0;
        Release();
        GC.SuppressFinalize(this);
    }

    internal static ColumnValues Create(ParquetColumn column) => column.PhysicalType switch
    {
        _ when column.Element is not null => new ListColumnValues(column),
        PhysicalType.Boolean => new FixedWidthColumnValues<bool>(column),
        PhysicalType.Int32 => new FixedWidthColumnValues<int>(column),
        PhysicalType.Int64 => new FixedWidthColumnValues<long>(column),
        PhysicalType.Float => new FixedWidthColumnValues<float>(column),
        PhysicalType.Double => new FixedWidthColumnValues<double>(column),
        PhysicalType.ByteArray or PhysicalType.FixedLengthByteArray => new ByteArrayColumnValues(column),
        _ => throw ParquetException.Unsupported($"Column '{column.Name}' is {column.PhysicalType}, which is not read."),
    };

    /// <summary>Adds rows; for a nullable column returns their levels, to be filled in.</summary>
    internal Span<byte> AddRows(int count)
    {
        var row = RowCount;
        if (!Column.Nullable)
        {
            RowCount = checked(row + count);
            return [];
        }

        if (_levels.Length < (long)row + count) PooledArray.Grow(ref _levels, row, Math.Max((long)row + count, 2L * row));
        RowCount = row + count;
        return _levels.AsSpan(row, count);
    }

    /// <summary>Forgets the rows and keeps the dictionary.</summary>
    internal void Clear()
    {
        RowCount = 0;
        ValueCount = 0;
        ClearValues();
    }

    /// <summary>What holds the values: the elements of lists, or these.</summary>
    internal virtual ColumnValues Leaf => this;

    /// <summary>Values of the dictionary page.</summary>
    internal abstract int DictionaryCount { get; }

    /// <summary>Takes in the body of a dictionary page, in PLAIN encoding.</summary>
    internal abstract void SetDictionary(ReadOnlySpan<byte> plain, int count);

    /// <summary>Adds values in PLAIN encoding (booleans: one byte each).</summary>
    internal abstract void AddPlain(ReadOnlySpan<byte> plain, int count);

    /// <summary>Adds values by their places in the dictionary, which were checked.</summary>
    internal abstract void AddIndices(ReadOnlySpan<int> indices);

    private protected abstract void ClearValues();

    private protected abstract void Release();

    private protected ParquetException TooShort(int count) =>
        ParquetException.Corrupt($"A page of column '{Column.Name}' ends before its {count} values.");
}
