using System.Runtime.CompilerServices;
using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>A column of single values, or the elements of a list: one <c>Append</c> or <see cref="AppendNull"/> a row or element.</summary>
public abstract class ValueColumnBuffer : ColumnBuffer
{
    private const int InitialLevels = 256;
    private ColumnChunkEncoder? _encoder;

    // Values of the open page; rows are these and the nulls.
    private protected int _count;
    private int _nullCount;
    private long _closedRows;

    // Definition levels are only written from the last null on backwards: a page without nulls has none.
    private byte[] _levels = [];
    private int _levelCount;

    // Where the values of the list begin that is being appended.
    private int _listStart;

    private protected ValueColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
    }

    /// <summary>Rows appended since the writer was created, nulls included; of a list its elements.</summary>
    public sealed override long RowCount => _closedRows + OpenRows;

    /// <inheritdoc/>
    public sealed override long BufferedBytes => (_encoder?.StoredBytes ?? 0) + OpenBytes + _levelCount;

    /// <summary>Whether this takes the elements of a list, which decides when pages end: only between lists.</summary>
    internal bool IsElement { get; set; }

    internal sealed override ColumnChunkEncoder Encoder => _encoder ??= new ColumnChunkEncoder(Column, Workspace);

    internal int OpenRows => _count + _nullCount;

    internal int OpenValueCount => _count;

    internal abstract int OpenBytes { get; }

    /// <summary>The values of the open page.</summary>
    internal abstract OpenPage Open { get; }

    /// <summary>Appends a row (of a list: an element) without a value.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: the column is required.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public sealed override void AppendNull()
    {
        var row = _count + _nullCount;
        if (row >= _levels.Length)
        {
            MakeRoomForLevels(row);
            row = _count + _nullCount;
        }

        if (row > _levelCount) _levels.AsSpan(_levelCount, row - _levelCount).Fill(1);
        _levels[row] = 0;
        _levelCount = row + 1;
        _nullCount++;
    }

    /// <summary>For elements: what comes next belongs to another list.</summary>
    internal void EndList() => _listStart = OpenBytes;

    internal sealed override void ClosePage()
    {
        var rows = OpenRows;
        if (rows == 0) return;
        Encoder.AddPage(Open, _count, new PageLevels(OpenLevels(), [], rows, rows));
        Reset();
    }

    /// <summary>One byte a row of the open page, 0 for nulls; empty when there are none.</summary>
    internal ReadOnlySpan<byte> OpenLevels()
    {
        if (_nullCount == 0) return [];
        var rows = OpenRows;
        if (rows > _levels.Length) PooledArray.Grow(ref _levels, _levelCount, rows);
        _levels.AsSpan(_levelCount, rows - _levelCount).Fill(1);
        _levelCount = rows;
        return _levels.AsSpan(0, rows);
    }

    /// <summary>Starts the next page.</summary>
    internal void Reset()
    {
        _closedRows += OpenRows;
        (_count, _nullCount, _levelCount, _listStart) = (0, 0, 0, 0);
        ResetValues();
    }

    private protected sealed override void ReleaseMemory()
    {
        (_count, _nullCount, _levelCount) = (0, 0, 0);
        PooledArray.Return(ref _levels);
        ReleaseValues();
        _encoder?.Release();
    }

    private protected abstract void ResetValues();

    private protected abstract void ReleaseValues();

    /// <summary>Refuses a list that has grown too large. The pages of lists end between them, so that a list has to fit in memory whole.</summary>
    private protected void CheckListSize(int needed)
    {
        if (IsElement && (long)OpenBytes + needed - _listStart > Workspace.MaxValueBytes)
        {
            throw new ParquetException(
                ParquetErrorKind.InvalidValue, $"A list in column '{Column.Name}' is longer than {Workspace.MaxValueBytes:N0} bytes; raise MaxValueBytes to write it, which costs memory.");
        }
    }

    private void MakeRoomForLevels(int row)
    {
        ThrowIfReleased();
        if (!Column.Nullable) throw RequiredGotNull();
        if (!IsElement && row >= Workspace.PageRows)
        {
            ClosePage();
            return;
        }

        CheckListSize(0);
        PooledArray.Grow(ref _levels, _levelCount, Math.Max(InitialLevels, Math.Max(_levels.Length * 2L, row + 1L)));
    }
}
