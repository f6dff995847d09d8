using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Rows;

/// <summary>The keys of some equality delete files that compare by the same columns.</summary>
internal sealed record EqualityFilter(IReadOnlyList<int> FieldIds, FingerprintSet Deleted)
{
    /// <summary>Reads equality delete files.</summary>
    public static async Task<IReadOnlyList<EqualityFilter>> LoadAsync(OpenFile open, Schema schema, IEnumerable<DataFile> deleteFiles, CancellationToken cancellation)
    {
        var filters = new List<EqualityFilter>();
        foreach (var file in deleteFiles)
        {
            var ids = file.EqualityIds ?? [];
            var filter = filters.Find(other => other.FieldIds.SequenceEqual(ids));
            if (filter is null) filters.Add(filter = new EqualityFilter(ids, new FingerprintSet()));
            await EqualityDeleteFile.ReadAsync(open, file, schema, filter.Deleted, cancellation);
        }

        return filters;
    }

    /// <summary>Begins with a row group.</summary>
    public async Task<EqualityCursor> OpenAsync(ParquetFileReader reader, string location, int rowGroup, Schema schema, CancellationToken cancellation) =>
        new(Deleted, await KeyReader.OpenAsync(reader, rowGroup, KeyColumn.Of(location, reader.Metadata, FieldIds, schema, nullIfMissing: true), sought: null, cancellation));
}

/// <summary>Walks the keys of a row group beside its rows.</summary>
internal sealed class EqualityCursor(FingerprintSet deleted, KeyReader keys) : IDisposable
{
    private ReadOnlyMemory<UInt128> rest;

    /// <summary>Marks those of the next rows that are deleted.</summary>
    public async ValueTask MarkAsync(Memory<bool> dead, CancellationToken cancellation)
    {
        while (!dead.IsEmpty)
        {
            if (rest.IsEmpty) rest = await keys.ReadAsync(collect: null, cancellation);
            var count = Math.Min(rest.Length, dead.Length);
            if (count == 0) throw IcebergException.Corrupt("A key column has fewer rows than its row group; write the file again.");
            Mark(dead.Span[..count], rest.Span[..count]);
            rest = rest[count..];
            dead = dead[count..];
        }
    }

    public void Dispose() => keys.Dispose();

    private void Mark(Span<bool> dead, ReadOnlySpan<UInt128> fingerprints)
    {
        for (var i = 0; i < dead.Length; i++) dead[i] |= deleted.Contains(fingerprints[i]);
    }
}
