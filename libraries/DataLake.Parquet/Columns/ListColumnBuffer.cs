using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>
/// A column of lists. Append the elements of a row to <see cref="Element"/> (cast it to the buffer of its physical type, once), then call
/// <see cref="EndList"/>; without elements it appends an empty list. <see cref="ColumnBuffer.AppendNull"/> appends a row that has no list at all.
/// Nothing is allocated per row.
/// </summary>
public sealed class ListColumnBuffer : ColumnBuffer
{
    private const int InitialRows = 128;
    private const int NoList = -1;
    private readonly ValueColumnBuffer _element;
    private readonly ColumnChunkEncoder _encoder;

    // Elements of every row of the open page.
    private int[] _lengths = [];
    private int _rows;
    private int _endedElements;
    private int _endedBytes;
    private long _closedRows;

    internal ListColumnBuffer(ParquetColumn column, PageWorkspace workspace)
        : base(column, workspace)
    {
        // Its errors shall name the column.
        _element = CreateValues(column.Element! with { Name = column.Name }, workspace, isElement: true);
        _encoder = new ColumnChunkEncoder(column, workspace);
    }

    /// <summary>Takes the elements of the list that is being appended. Its own row count counts elements.</summary>
    public ValueColumnBuffer Element => _element;

    /// <inheritdoc/>
    public override long RowCount => _closedRows + _rows;

    /// <inheritdoc/>
    public override long BufferedBytes => _encoder.StoredBytes + _element.BufferedBytes + (4L * _rows);

    internal override ColumnChunkEncoder Encoder => _encoder;

    /// <summary>Appends a row: a list of the elements appended since the row before.</summary>
    public void EndList()
    {
        if (_rows == _lengths.Length) MakeRoom();
        var elements = _element.OpenRows;
        _lengths[_rows++] = elements - _endedElements;
        _endedElements = elements;
        _element.EndList();

        // The next list is expected to be as large as this one.
        var bytes = _element.OpenBytes;
        var size = bytes - _endedBytes;
        _endedBytes = bytes;
        if (_rows >= Workspace.PageRows || elements >= Workspace.PageRows || (long)bytes + size > Workspace.PageBytes) ClosePage();
    }

    /// <summary>Appends a row without a list, which is not the same as an empty one.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: the column is required; <see cref="ParquetErrorKind.InvalidState"/>:
    /// elements were appended that no <see cref="EndList"/> made a row of.</exception>
    public override void AppendNull()
    {
        if (_rows == _lengths.Length) MakeRoom();
        if (!Column.Nullable) throw RequiredGotNull();
        if (PendingFault() is { } fault) throw new ParquetException(ParquetErrorKind.InvalidState, fault);
        _lengths[_rows++] = NoList;
        if (_rows >= Workspace.PageRows) ClosePage();
    }

    internal override string? PendingFault() => _element.OpenRows == _endedElements
        ? null
        : $"Column '{Column.Name}' got {_element.OpenRows - _endedElements} elements after its last list ended; call EndList.";

    internal override void ClosePage()
    {
        if (_rows == 0) return;
        Encode();
        _closedRows += _rows;
        (_rows, _endedElements, _endedBytes) = (0, 0, 0);
        _element.Reset();
    }

    private protected override void ReleaseMemory()
    {
        _rows = 0;
        PooledArray.Return(ref _lengths);
        _element.Release();
        _encoder.Release();
    }

    private void Encode()
    {
        var entries = _element.OpenRows;
        foreach (var length in _lengths.AsSpan(0, _rows)) entries += length <= 0 ? 1 : 0;
        var levels = Workspace.Levels(entries);
        var repetition = levels.Repetition.Span;
        var definition = levels.Definition.Span;
        var (max, noElement) = ((byte)Column.MaxDefinitionLevel, (byte)(Column.Nullable ? 1 : 0));
        var nulls = _element.OpenLevels();
        repetition.Fill(1);
        definition.Fill(max);
        var (entry, element) = (0, 0);
        foreach (var length in _lengths.AsSpan(0, _rows))
        {
            repetition[entry] = 0;
            if (length <= 0)
            {
                definition[entry++] = length == NoList ? (byte)0 : noElement;
                continue;
            }

            if (!nulls.IsEmpty)
                for (var i = 0; i < length; i++) definition[entry + i] = (byte)(max - 1 + nulls[element + i]);
            entry += length;
            element += length;
        }

        var allValues = entries == _element.OpenValueCount;
        _encoder.AddPage(_element.Open, _element.OpenValueCount, new PageLevels(allValues ? [] : definition, repetition, entries, _rows));
    }

    private void MakeRoom()
    {
        ThrowIfReleased();
        PooledArray.Grow(ref _lengths, _rows, Math.Max(InitialRows, _lengths.Length * 2L));
    }
}
