namespace DataLake.Parquet.Columns;

/// <summary>Which entries of a page hold a value, and which start a row
/// (<see href="https://parquet.apache.org/docs/file-format/nestedencoding/">nested encoding</see>).</summary>
/// <param name="definition">One definition level an entry, or empty when every entry holds a value.</param>
/// <param name="repetition">One repetition level an entry; empty for columns that are not lists.</param>
/// <param name="entryCount">Entries: values, nulls, and of lists one for every list that is empty or missing.</param>
/// <param name="rowCount">Rows.</param>
internal readonly ref struct PageLevels(ReadOnlySpan<byte> definition, ReadOnlySpan<byte> repetition, int entryCount, int rowCount)
{
    public ReadOnlySpan<byte> Definition { get; } = definition;

    public ReadOnlySpan<byte> Repetition { get; } = repetition;

    public int EntryCount { get; } = entryCount;

    public int RowCount { get; } = rowCount;
}
