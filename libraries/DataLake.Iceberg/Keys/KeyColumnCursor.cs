using System.Numerics;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Keys;

/// <summary>Walks one key column of a row group and makes fingerprints of its values, a page in memory.</summary>
internal sealed class KeyColumnCursor(ParquetFileReader reader, int rowGroup, KeyColumn key, OffsetIndex? places) : IDisposable
{
    private readonly ColumnChunkReader chunk = reader.OpenColumn(rowGroup, key.Place);
    private int place;
    private int row;
    private int value;
    private long pageStart;

    /// <summary>Rows of the present page that were not taken yet.</summary>
    public int Available => chunk.Values.RowCount - row;

    /// <summary>Goes on to a row further on; pages that end before it are not decoded where their places are known.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: the file has no such row.</exception>
    public async ValueTask SeekAsync(long target, CancellationToken cancellation)
    {
        while (pageStart + chunk.Values.RowCount <= target)
        {
            var next = pageStart + chunk.Values.RowCount;
            if (places is not null && NextPage(target) is var page && page.FirstRow > next)
            {
                await chunk.SeekPageAsync(page, cancellation);
                next = page.FirstRow;
            }

            if (!await chunk.ReadPageAsync(cancellation)) throw IcebergException.Corrupt($"Column '{key.Column.Name}' ends before row {target} of its row group.");
            (pageStart, row, value) = (next, 0, 0);
            CheckPlace();
        }

        var step = (int)(target - pageStart) - row;
        if (step == 0) return;
        value += chunk.Values.NullCount == 0 ? step : chunk.Values.DefinitionLevels.Slice(row, step).Count((byte)1);
        row += step;
    }

    /// <summary>A page index that is wrong would let other rows be taken for those that were found.</summary>
    private void CheckPlace()
    {
        if (places is null) return;
        var page = NextPage(pageStart);
        var isLast = place + 1 == places.Pages.Count;
        if (page.FirstRow == pageStart && (isLast || places.Pages[place + 1].FirstRow == pageStart + chunk.Values.RowCount)) return;
        throw IcebergException.Corrupt($"A page of column '{key.Column.Name}' does not hold the rows that the file's page index states; write the file again.");
    }

    /// <summary>The last page that begins at a row or before it.</summary>
    private PageLocation NextPage(long target)
    {
        while (place + 1 < places!.Pages.Count && places.Pages[place + 1].FirstRow <= target) place++;
        return places.Pages[place];
    }

    /// <summary>Makes fingerprints of the next rows, which are <see cref="Available"/>.</summary>
    /// <param name="target">One a row.</param>
    /// <param name="range">Takes the values in, or null.</param>
    /// <returns>Whether there are nulls.</returns>
    public bool Take(Span<UInt128> target, KeyRange? range)
    {
        var values = chunk.Values;
        var levels = values.NullCount == 0 ? [] : values.DefinitionLevels.Slice(row, target.Length);
        var count = levels.IsEmpty ? target.Length : levels.Count((byte)1);
        Convert(values, target[..count], range);
        row += target.Length;
        value += count;
        if (count == target.Length) return false;

        // Values stand close together; spread them from the back, where there is room.
        for (var i = target.Length - 1; i >= 0; i--) target[i] = levels[i] == 0 ? Fingerprint.Null : target[--count];
        return true;
    }

    public void Dispose() => chunk.Dispose();

    private void Convert(ColumnValues values, Span<UInt128> target, KeyRange? range)
    {
        switch (values)
        {
            case FixedWidthColumnValues<long> longs: Numbers(longs.Values.Slice(value, target.Length), target, range); break;
            case FixedWidthColumnValues<int> ints: Numbers(ints.Values.Slice(value, target.Length), target, range); break;
            case FixedWidthColumnValues<bool> booleans: Booleans(booleans.Values.Slice(value, target.Length), target); break;
            case FixedWidthColumnValues<double> doubles: Floats(doubles.Values.Slice(value, target.Length), target); break;
            case FixedWidthColumnValues<float> floats: Floats(floats.Values.Slice(value, target.Length), target); break;
            case ByteArrayColumnValues bytes when key.Type.Id == TypeId.Decimal: Decimals(bytes, target, range); break;
            case ByteArrayColumnValues bytes: Bytes(bytes, target, range); break;
            default: throw IcebergException.Unsupported($"Column '{key.Column.Name}' cannot be part of a key.");
        }
    }

    private static void Numbers<T>(ReadOnlySpan<T> values, Span<UInt128> target, KeyRange? range)
        where T : unmanaged, IBinaryInteger<T>
    {
        for (var i = 0; i < target.Length; i++) target[i] = Fingerprint.Of(long.CreateTruncating(values[i]));
        if (range is null) return;
        foreach (var number in values) range.Add(long.CreateTruncating(number));
    }

    private static void Booleans(ReadOnlySpan<bool> values, Span<UInt128> target)
    {
        for (var i = 0; i < target.Length; i++) target[i] = Fingerprint.Of(values[i] ? 1L : 0L);
    }

    private static void Floats<T>(ReadOnlySpan<T> values, Span<UInt128> target)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var i = 0; i < target.Length; i++) target[i] = Fingerprint.Of(double.CreateTruncating(values[i]));
    }

    private void Decimals(ByteArrayColumnValues values, Span<UInt128> target, KeyRange? range)
    {
        for (var i = 0; i < target.Length; i++)
        {
            if (!DecimalBytes.TryRead(values[value + i], out var unscaled))
                throw IcebergException.Corrupt($"Column '{key.Column.Name}' holds a decimal of {values[value + i].Length} bytes; write the file again.");
            target[i] = Fingerprint.Of(unscaled);
            range?.Add(unscaled);
        }
    }

    private void Bytes(ByteArrayColumnValues values, Span<UInt128> target, KeyRange? range)
    {
        for (var i = 0; i < target.Length; i++) target[i] = Fingerprint.Of(values[value + i]);
        if (range is null) return;
        for (var i = 0; i < target.Length; i++) range.Add(values[value + i]);
    }
}
