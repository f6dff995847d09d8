using DataLake.Iceberg.Keys;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Upserts;

/// <summary>The keys that are looked for in one pass.</summary>
internal sealed class SoughtKeys(PrimitiveType[] types, int most, long all)
{
    private int rows;

    public FingerprintSet Set { get; } = new((int)Math.Min(most, all));

    /// <summary>What is known of every key column's values.</summary>
    public KeyRange[] Ranges { get; } = [.. types.Select(type => new KeyRange(type))];

    /// <summary>Whether another step might need more memory than there is. Rows count, not keys: a range keeps a number for each.</summary>
    public bool IsFull => rows > most - KeyReader.Step && rows > 0;

    /// <summary>Adds keys, whose values the ranges have.</summary>
    /// <returns>Which of them is the first that was there before; -1 if none was.</returns>
    public int Add(ReadOnlySpan<UInt128> fingerprints)
    {
        var doubled = -1;
        for (var i = 0; i < fingerprints.Length; i++)
            if (!Set.Add(fingerprints[i]) && doubled < 0) doubled = i;
        rows += fingerprints.Length;
        return doubled;
    }

    public void Seal()
    {
        foreach (var range in Ranges) range.Seal();
    }

    public void Clear()
    {
        Set.Clear();
        foreach (var range in Ranges) range.Clear();
        rows = 0;
    }

    /// <summary>By the bounds of a row group, and by its Bloom filters.</summary>
    public async Task<bool> MayBeInAsync(ParquetFileReader reader, int rowGroup, KeyColumn[] key, CancellationToken cancellation)
    {
        for (var i = 0; i < key.Length; i++)
        {
            var (lower, upper) = ParquetBounds.Of(key[i].Column, key[i].Type, reader.Metadata.RowGroups[rowGroup].Columns[key[i].Place].Statistics);
            if (!Ranges[i].MayContain(lower, upper)) return false;
        }

        for (var i = 0; i < key.Length; i++)
        {
            if (await reader.ReadBloomFilterAsync(rowGroup, key[i].Place, cancellation) is { } filter && !Ranges[i].MayContain(filter)) return false;
        }

        return true;
    }
}
