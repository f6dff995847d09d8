using DataLake.Parquet.Buffers;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Reading;

/// <summary>Lists. The elements of all rows stand one after another in <see cref="Elements"/>; <see cref="Offsets"/> says where a row's begin.</summary>
public sealed class ListColumnValues : ColumnValues
{
    private static readonly int[] NoRows = [0];
    private int[] _offsets = [];
    private byte[] _elementLevels = [];

    internal ListColumnValues(ParquetColumn column)
        : base(column) => Elements = Create(column.Element!);

    /// <summary>The elements of all lists; its rows are elements, null ones included. Cast it as other columns.</summary>
    public ColumnValues Elements { get; }

    /// <summary>One number more than there are rows: the elements of row i are those from element <c>Offsets[i]</c> up to <c>Offsets[i + 1]</c>.
    /// A row without a list has none, as has an empty list; <see cref="ColumnValues.IsNull"/> tells them apart.</summary>
    public ReadOnlySpan<int> Offsets => RowCount == 0 ? NoRows : _offsets.AsSpan(0, RowCount + 1);

    internal override ColumnValues Leaf => Elements;

    internal override int DictionaryCount => Elements.DictionaryCount;

    /// <summary>Takes the levels of a page in and returns how many values it holds.</summary>
    /// <param name="repetition">One repetition level an entry.</param>
    /// <param name="definition">One definition level an entry; checked not to go beyond the column's.</param>
    internal int AddLevels(ReadOnlySpan<byte> repetition, ReadOnlySpan<byte> definition)
    {
        var (hasList, max) = (Column.Nullable ? 1 : 0, Column.MaxDefinitionLevel);
        var rows = repetition.Count((byte)0);
        var elements = 0;
        foreach (var level in definition) elements += level > hasList ? 1 : 0;

        // A page may go on with the row that the page before it ended with.
        var levels = AddRows(rows);
        var row = RowCount - rows;
        if (_offsets.Length < RowCount + 1) PooledArray.Grow(ref _offsets, row == 0 ? 0 : row + 1, Math.Max(RowCount + 1L, 2L * row));
        _offsets[0] = 0;
        if (_elementLevels.Length < elements) PooledArray.Grow(ref _elementLevels, 0, elements);
        var elementLevels = _elementLevels.AsSpan(0, elements);
        var end = Elements.RowCount;
        var (element, values, takesMore) = (0, 0, row > 0 && _offsets[row] > _offsets[row - 1]);
        for (var i = 0; i < repetition.Length; i++)
        {
            var level = definition[i];
            if (repetition[i] == 0)
            {
                var isList = level > 0 || !Column.Nullable;
                if (!levels.IsEmpty) levels[row - (RowCount - rows)] = isList ? (byte)1 : (byte)0;
                if (isList) ValueCount++;
                row++;
                takesMore = level > hasList;
            }
            else if (!takesMore || level <= hasList)
            {
                throw ParquetException.Corrupt($"Column '{Column.Name}' goes on with a list that did not begin.");
            }

            if (level > hasList)
            {
                var isValue = level == max;
                elementLevels[element++] = isValue ? (byte)1 : (byte)0;
                values += isValue ? 1 : 0;
                end++;
            }

            _offsets[row] = end;
        }

        var target = Elements.AddRows(elements);
        if (!target.IsEmpty) elementLevels.CopyTo(target);
        return values;
    }

    internal override void SetDictionary(ReadOnlySpan<byte> plain, int count) => Elements.SetDictionary(plain, count);

    internal override void AddPlain(ReadOnlySpan<byte> plain, int count) => Elements.AddPlain(plain, count);

    internal override void AddIndices(ReadOnlySpan<int> indices) => Elements.AddIndices(indices);

    private protected override void ClearValues() => Elements.Clear();

    private protected override void Release()
    {
        Elements.Dispose();
        PooledArray.Return(ref _offsets);
        PooledArray.Return(ref _elementLevels);
    }
}
