using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Columns;

/// <summary>
/// Takes one column, row by row: one <c>Append</c>, <see cref="ListColumnBuffer.EndList"/> or <see cref="AppendNull"/> a row. A full page is encoded and
/// compressed on the spot, so that a call now and then takes longer; nothing is written to the file here. Buffers belong to their writer and live as long
/// as it does. One thread at a time.
/// </summary>
public abstract class ColumnBuffer
{
    private protected ColumnBuffer(ParquetColumn column, PageWorkspace workspace)
    {
        Column = column;
        Workspace = workspace;
    }

    /// <summary>The column of the schema.</summary>
    public ParquetColumn Column { get; }

    /// <summary>Rows appended since the writer was created, nulls included.</summary>
    public abstract long RowCount { get; }

    /// <summary>Bytes held for the current row group: encoded pages, the dictionary and the values of the open page.</summary>
    public abstract long BufferedBytes { get; }

    private protected PageWorkspace Workspace { get; }

    private protected bool IsReleased { get; private set; }

    /// <summary>Appends a row without a value.</summary>
    /// <exception cref="ParquetException"><see cref="ParquetErrorKind.InvalidValue"/>: the column is required.</exception>
    public abstract void AppendNull();

    internal abstract ColumnChunkEncoder Encoder { get; }

    internal static ColumnBuffer Create(ParquetColumn column, PageWorkspace workspace) =>
        column.Element is null ? CreateValues(column, workspace, isElement: false) : new ListColumnBuffer(column, workspace);

    private protected static ValueColumnBuffer CreateValues(ParquetColumn column, PageWorkspace workspace, bool isElement)
    {
        ValueColumnBuffer buffer = column.PhysicalType switch
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
        buffer.IsElement = isElement;
        return buffer;
    }

    /// <summary>Encodes the open page, if it holds any rows.</summary>
    internal abstract void ClosePage();

    /// <summary>Says what keeps the rows that were appended from being whole, or null.</summary>
    internal virtual string? PendingFault() => null;

    internal void Release()
    {
        if (IsReleased) return;
        IsReleased = true;
        ReleaseMemory();
    }

    private protected abstract void ReleaseMemory();

    private protected void ThrowIfReleased()
    {
        if (IsReleased) throw new ParquetException(ParquetErrorKind.InvalidState, $"Column '{Column.Name}' belongs to a writer that is complete or disposed.");
    }

    private protected ParquetException RequiredGotNull() => new(ParquetErrorKind.InvalidValue, $"Column '{Column.Name}' is required and got a null.");
}
