using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>
/// Takes the values of one column, row by row: one <c>Append</c> or <see cref="AppendNull"/> a row. A full page is encoded and compressed on the spot,
/// so that a call now and then takes longer; nothing is written to the file here. Buffers belong to their writer and live as long as it does.
/// One thread at a time.
/// </summary>
public abstract class ColumnBuffer
{
    private const int InitialLevels = 256;
    private readonly ColumnChunkEncoder _encoder;

    // Values of the open page; rows are these and the nulls.
    private protected int _count;
    private int _nullCount;
    private long _closedRows;

    // Definition levels are only written from the last null on backwards: a page without nulls has none.
    private byte[] _levels = [];
    private int _levelCount;

    private protected ColumnBuffer(ParquetColumn column, PageWorkspace workspace)
    {
        Column = column;
        _encoder = new ColumnChunkEncoder(column, workspace);
    }

    /// <summary>The column of the schema.</summary>
    public ParquetColumn Column { get; }

    /// <summary>Rows appended since the writer was created, nulls included.</summary>
    public long RowCount => _closedRows + _count + _nullCount;

    /// <summary>Bytes held for the current row group: encoded pages, the dictionary and the values of the open page.</summary>
    public long BufferedBytes => _encoder.StoredBytes + OpenBytes + _levelCount;

    internal ColumnChunkEncoder Encoder => _encoder;

    private protected PageWorkspace Workspace => _encoder.Workspace;

    private protected bool IsReleased { get; private set; }

    private protected abstract int OpenBytes { get; }

    /// <summary>Appends a row without a value.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: the column is required.</exception>
    public void AppendNull()
    {
        var row = _count + _nullCount;
        if (row >= _levels.Length)
        {
            MakeRoomForLevels(row);
            row = _count + _nullCount;
        }

        _levels.AsSpan(_levelCount, row - _levelCount).Fill(1);
        _levels[row] = 0;
        _levelCount = row + 1;
        _nullCount++;
    }

    internal static ColumnBuffer Create(ParquetColumn column, PageWorkspace workspace) => column.PhysicalType switch
    {
        PhysicalType.Boolean => new BooleanColumnBuffer(column, workspace),
        PhysicalType.Int32 => new Int32ColumnBuffer(column, workspace),
        PhysicalType.Int64 => new Int64ColumnBuffer(column, workspace),
        PhysicalType.Float => new FloatColumnBuffer(column, workspace),
        PhysicalType.Double => new DoubleColumnBuffer(column, workspace),
        PhysicalType.ByteArray => new ByteArrayColumnBuffer(column, workspace),
        PhysicalType.FixedLengthByteArray => new FixedLengthByteArrayColumnBuffer(column, workspace),
        _ => throw ParquetException.Unsupported($"Columns of type {column.PhysicalType} are not written ('{column.Name}')."),
    };

    /// <summary>Encodes the open page, if it holds any rows.</summary>
    internal void ClosePage()
    {
        var rows = _count + _nullCount;
        if (rows == 0) return;
        var levels = ReadOnlySpan<byte>.Empty;
        if (_nullCount > 0)
        {
            if (rows > _levels.Length) PooledArray.Grow(ref _levels, _levelCount, rows);
            _levels.AsSpan(_levelCount, rows - _levelCount).Fill(1);
            levels = _levels.AsSpan(0, rows);
        }

        _encoder.AddPage(OpenValues, _count, levels, rows);
        _closedRows += rows;
        (_count, _nullCount, _levelCount) = (0, 0, 0);
        ResetValues();
    }

    internal void Release()
    {
        if (IsReleased) return;
        IsReleased = true;
        (_count, _nullCount, _levelCount) = (0, 0, 0);
        PooledArray.Return(ref _levels);
        ReleaseValues();
        _encoder.Release();
    }

    /// <summary>The values of the open page in PLAIN encoding (booleans: one byte each).</summary>
    private protected abstract ReadOnlySpan<byte> OpenValues { get; }

    private protected abstract void ResetValues();

    private protected abstract void ReleaseValues();

    private protected void ThrowIfReleased()
    {
        if (IsReleased) throw new ParquetException(ParquetErrorKind.InvalidState, $"Column '{Column.Name}' belongs to a writer that is complete or disposed.");
    }

    private void MakeRoomForLevels(int row)
    {
        ThrowIfReleased();
        if (!Column.Nullable) throw new ParquetException(ParquetErrorKind.InvalidValue, $"Column '{Column.Name}' is required and got a null.");
        if (row >= Workspace.PageRows)
        {
            ClosePage();
            return;
        }

        PooledArray.Grow(ref _levels, _levelCount, Math.Max(InitialLevels, Math.Max(_levels.Length * 2, row + 1)));
    }
}
