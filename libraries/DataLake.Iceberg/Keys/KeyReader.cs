using DataLake.Iceberg.ParquetFiles;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Keys;

/// <summary>Reads the keys of one row group as fingerprints, in memory of a page a column. Pages that cannot hold any key of interest are passed by.</summary>
internal sealed class KeyReader : IDisposable
{
    /// <summary>Rows of a step: their fingerprints stay in the innermost cache.</summary>
    public const int Step = 1024;

    // Null for a column that the file does not have.
    private readonly KeyColumnCursor?[] cursors;
    private readonly IReadOnlyList<(long From, long To)> ranges;
    private readonly UInt128[] fingerprints = new UInt128[Step];
    private readonly UInt128[] column;
    private int range;
    private long row;

    private KeyReader(ParquetFileReader reader, int rowGroup, KeyColumn[] key, PagePlan plan)
    {
        ranges = plan.Ranges;
        cursors = [.. key.Select((part, i) => part.IsMissing ? null : new KeyColumnCursor(reader, rowGroup, part, plan.Places[i]))];
        column = key.Length > 1 ? new UInt128[Step] : [];
    }

    /// <summary>Whether a key of the last step has a null in it.</summary>
    public bool HasNull { get; private set; }

    /// <summary>The first row of the last step, in its row group.</summary>
    public long FirstRow { get; private set; }

    /// <summary>Opens the keys of a row group.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="rowGroup">The row group.</param>
    /// <param name="key">The columns.</param>
    /// <param name="sought">One a column: what is looked for, by which pages are passed by. Null for all rows.</param>
    /// <param name="cancellation">Stops the call.</param>
    public static async Task<KeyReader> OpenAsync(ParquetFileReader reader, int rowGroup, KeyColumn[] key, KeyRange[]? sought, CancellationToken cancellation) =>
        new(reader, rowGroup, key, await PagePlan.OfAsync(reader, rowGroup, key, sought, cancellation));

    /// <summary>Reads the next rows; none at the end.</summary>
    /// <param name="collect">One a column: takes the values in. Null for none.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <returns>Their fingerprints, valid until the next call.</returns>
    public async ValueTask<ReadOnlyMemory<UInt128>> ReadAsync(KeyRange[]? collect, CancellationToken cancellation)
    {
        while (range < ranges.Count && row >= ranges[range].To) range++;
        if (range == ranges.Count) return default;
        row = Math.Max(row, ranges[range].From);
        var count = (int)Math.Min(Step, ranges[range].To - row);
        foreach (var cursor in cursors)
        {
            if (cursor is null) continue;
            await cursor.SeekAsync(row, cancellation);
            count = Math.Min(count, cursor.Available);
        }

        Take(count, collect);
        FirstRow = row;
        row += count;
        return fingerprints.AsMemory(0, count);
    }

    public void Dispose()
    {
        foreach (var cursor in cursors) cursor?.Dispose();
    }

    private void Take(int count, KeyRange[]? collect)
    {
        var keys = fingerprints.AsSpan(0, count);
        HasNull = false;
        TakeColumn(0, keys, collect);
        for (var i = 1; i < cursors.Length; i++)
        {
            var next = column.AsSpan(0, count);
            TakeColumn(i, next, collect);
            for (var at = 0; at < count; at++) keys[at] = Fingerprint.Combine(keys[at], next[at]);
        }
    }

    private void TakeColumn(int place, Span<UInt128> target, KeyRange[]? collect)
    {
        if (cursors[place] is { } cursor)
        {
            HasNull |= cursor.Take(target, collect?[place]);
            return;
        }

        target.Fill(Fingerprint.Null);
        HasNull = true;
    }

    /// <summary>Which rows are to be read, and where each column's pages stand; null where that is not known.</summary>
    private sealed record PagePlan(IReadOnlyList<(long From, long To)> Ranges, OffsetIndex?[] Places)
    {
        public static async Task<PagePlan> OfAsync(ParquetFileReader reader, int rowGroup, KeyColumn[] key, KeyRange[]? sought, CancellationToken cancellation)
        {
            var rows = reader.Metadata.RowGroups[rowGroup].RowCount;
            IReadOnlyList<(long From, long To)> ranges = [(0, rows)];
            var places = new OffsetIndex?[key.Length];
            for (var i = 0; sought is not null && i < key.Length; i++)
            {
                if (key[i].IsMissing) continue;
                var columnIndex = await reader.ReadColumnIndexAsync(rowGroup, key[i].Place, cancellation);
                var offsetIndex = await reader.ReadOffsetIndexAsync(rowGroup, key[i].Place, cancellation);
                if (columnIndex is null || offsetIndex is null || !AreWhole(columnIndex, offsetIndex, rows)) continue;
                places[i] = offsetIndex;
                ranges = Intersect(ranges, Kept(key[i], columnIndex, [.. offsetIndex.Pages.Select(page => page.FirstRow), rows], sought[i]));
            }

            return new PagePlan(ranges, places);
        }

        private static bool AreWhole(ColumnIndex columns, OffsetIndex offsets, long rows)
        {
            var count = offsets.Pages.Count;
            if (count == 0 || offsets.Pages[0].FirstRow != 0 || columns.NullPages.Count != count || columns.MinValues.Count != count || columns.MaxValues.Count != count) return false;
            for (var i = 1; i < count; i++)
                if (offsets.Pages[i].FirstRow <= offsets.Pages[i - 1].FirstRow || offsets.Pages[i].FirstRow >= rows) return false;
            return true;
        }

        /// <summary>A page of nothing but nulls holds no key.</summary>
        private static List<(long From, long To)> Kept(KeyColumn key, ColumnIndex index, long[] starts, KeyRange sought)
        {
            var kept = new List<(long From, long To)>();
            for (var page = 0; page + 1 < starts.Length; page++)
            {
                if (index.NullPages[page] || !sought.MayContain(
                    ParquetBounds.Lower(key.Column, key.Type, index.MinValues[page]), ParquetBounds.Upper(key.Column, key.Type, index.MaxValues[page]))) continue;
                if (kept.Count > 0 && kept[^1].To == starts[page]) kept[^1] = (kept[^1].From, starts[page + 1]);
                else kept.Add((starts[page], starts[page + 1]));
            }

            return kept;
        }

        private static List<(long From, long To)> Intersect(IReadOnlyList<(long From, long To)> left, List<(long From, long To)> right)
        {
            var both = new List<(long From, long To)>();
            for (var (i, j) = (0, 0); i < left.Count && j < right.Count;)
            {
                var (from, to) = (Math.Max(left[i].From, right[j].From), Math.Min(left[i].To, right[j].To));
                if (from < to) both.Add((from, to));
                if (left[i].To < right[j].To) i++;
                else j++;
            }

            return both;
        }
    }
}
