using System.Collections.Concurrent;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Upserts;

/// <summary>
/// Finds the rows that new rows replace: those of the live data files whose key is one of the new files' keys. Only key columns are read; files, row groups and pages whose bounds or Bloom
/// filters rule all keys out are not. It is exact, but for two keys that share a fingerprint of 128 bits (<see cref="Fingerprint"/> says how likely that is).
/// </summary>
/// <param name="open">Opens files.</param>
/// <param name="schema">The table's current schema.</param>
/// <param name="keyFieldIds">The key: required primitive columns, as identifier fields are.</param>
/// <param name="options">Memory and cores.</param>
public sealed class KeySearch(OpenFile open, Schema schema, IReadOnlyList<int> keyFieldIds, KeySearchOptions? options = null)
{
    private readonly KeySearchOptions options = options ?? new KeySearchOptions();

    /// <summary>Finds the rows.</summary>
    /// <param name="newFiles">Data files whose keys are looked for.</param>
    /// <param name="candidates">Live data files of the table, with the positions that are deleted already or null.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <returns>The rows by the location of their file, those deleted already left out; files without any are not there. What
    /// <see cref="PositionDeleteFile.WriteAsync"/> takes.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a key is null or of a type that cannot be compared, or a file lacks a key column.
    /// <see cref="IcebergErrorKind.Unsupported"/>: a file is not Parquet.</exception>
    public Task<IReadOnlyDictionary<string, PositionSet>> FindAsync(
        IReadOnlyList<DataFile> newFiles, IReadOnlyList<(DataFile File, PositionSet? Deleted)> candidates, CancellationToken cancellation = default) => FindAsync(newFiles, candidates, distinctFiles: 0, cancellation);

    /// <summary>Finds the rows, and refuses a key that the first new files have twice, as far as keys are in memory together.</summary>
    internal async Task<IReadOnlyDictionary<string, PositionSet>> FindAsync(
        IReadOnlyList<DataFile> newFiles, IReadOnlyList<(DataFile File, PositionSet? Deleted)> candidates, int distinctFiles, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(newFiles);
        ArgumentNullException.ThrowIfNull(candidates);
        var types = KeyTypes();
        foreach (var file in newFiles.Concat(candidates.Select(candidate => candidate.File)))
        {
            if (file.FileFormat != FileFormat.Parquet || file.Content != DataFileContent.Data)
                throw IcebergException.Unsupported($"{file.FilePath} is {file.FileFormat} with {file.Content}; keys are looked for in Parquet data files only.");
        }

        var most = (int)Math.Clamp(options.KeyBytes / (FingerprintSet.BytesOfOne + (KeyRange.BytesOfOne * types.Length)), KeyReader.Step, Array.MaxLength / 32);
        var sought = new SoughtKeys(types, most, newFiles.Sum(file => file.RecordCount));
        var found = new ConcurrentDictionary<string, PositionSet>();
        for (var i = 0; i < newFiles.Count; i++)
        {
            var file = newFiles[i];
            await using var reader = await OpenAsync(file, cancellation);
            var key = KeyColumn.Of(file.FilePath, reader.Metadata, keyFieldIds, schema);
            for (var (rowGroup, row) = (0, 0L); rowGroup < reader.Metadata.RowGroups.Count; row += reader.Metadata.RowGroups[rowGroup++].RowCount)
            {
                using var keys = await KeyReader.OpenAsync(reader, rowGroup, key, sought: null, cancellation);
                while (true)
                {
                    if (sought.IsFull) await SearchAsync(sought, candidates, found, cancellation);
                    var step = await keys.ReadAsync(sought.Ranges, cancellation);
                    if (step.IsEmpty) break;
                    if (keys.HasNull) throw NullKey(file);
                    if (sought.Add(step.Span) is var doubled and >= 0 && i < distinctFiles) throw DoubledKey(file, row + keys.FirstRow + doubled);
                }
            }
        }

        await SearchAsync(sought, candidates, found, cancellation);
        return found;
    }

    /// <summary>The types of the key's columns.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: they are none, or cannot be compared.</exception>
    internal PrimitiveType[] KeyTypes()
    {
        if (keyFieldIds.Count == 0) throw IcebergException.Invalid("A key search needs at least one key column; set identifier fields.");
        return [.. keyFieldIds.Select(id => schema.Columns.Field(id) switch
        {
            { Type: PrimitiveType { Id: not (TypeId.Float or TypeId.Double) } type } => type,
            { } field => throw IcebergException.Invalid($"The column '{field.Name}' is {field.Type} and cannot be part of a key; choose whole numbers, decimals, text, bytes, UUIDs, dates or times."),
            null => throw IcebergException.Invalid($"The key has the field {id}, which is no column of the schema; choose another."),
        })];
    }

    private async Task SearchAsync(
        SoughtKeys sought, IReadOnlyList<(DataFile File, PositionSet? Deleted)> candidates, ConcurrentDictionary<string, PositionSet> found, CancellationToken cancellation)
    {
        if (sought.Set.Count == 0) return;
        sought.Seal();
        var left = candidates.Where(candidate => MayHold(candidate.File, sought)).ToList();
        if (left.Count > 0)
        {
            // Cores that files do not use are for the row groups of a file.
            var inside = Math.Max(1, options.Parallelism / left.Count);
            await Parallel.ForEachAsync(left, Degree(options.Parallelism, cancellation), async (candidate, stop) =>
            {
                var positions = found.GetOrAdd(candidate.File.FilePath, _ => new PositionSet(candidate.File.RecordCount));
                await SearchFileAsync(candidate.File, candidate.Deleted, sought, positions, inside, stop);
            });
        }

        foreach (var (file, positions) in found.ToArray())
            if (positions.Count == 0) found.TryRemove(file, out _);
        sought.Clear();
    }

    private async Task SearchFileAsync(DataFile file, PositionSet? deleted, SoughtKeys sought, PositionSet found, int parallelism, CancellationToken cancellation)
    {
        ParquetFileMetadata metadata;
        List<(int RowGroup, long FirstRow)> rowGroups = [];
        await using (var reader = await OpenAsync(file, cancellation))
        {
            metadata = reader.Metadata;
            if (metadata.RowCount != file.RecordCount)
                throw IcebergException.Corrupt($"{file.FilePath} has {metadata.RowCount} rows, and {file.RecordCount} by its manifest; restore it.");
            var key = KeyColumn.Of(file.FilePath, metadata, keyFieldIds, schema);
            var firstRow = 0L;
            for (var i = 0; i < metadata.RowGroups.Count; firstRow += metadata.RowGroups[i++].RowCount)
                if (await sought.MayBeInAsync(reader, i, key, cancellation)) rowGroups.Add((i, firstRow));
            if (parallelism == 1 || rowGroups.Count < 2)
            {
                foreach (var (rowGroup, first) in rowGroups) await SearchRowGroupAsync(reader, file, rowGroup, first, deleted, sought, found, cancellation);
                return;
            }
        }

        await Parallel.ForEachAsync(rowGroups, Degree(parallelism, cancellation), async (rowGroup, stop) =>
        {
            await using var reader = ParquetFileReader.OfUnfinished(await open(file.FilePath, stop), metadata);
            await SearchRowGroupAsync(reader, file, rowGroup.RowGroup, rowGroup.FirstRow, deleted, sought, found, stop);
        });
    }

    private async Task SearchRowGroupAsync(
        ParquetFileReader reader, DataFile file, int rowGroup, long firstRow, PositionSet? deleted, SoughtKeys sought, PositionSet found, CancellationToken cancellation)
    {
        using var keys = await KeyReader.OpenAsync(reader, rowGroup, KeyColumn.Of(file.FilePath, reader.Metadata, keyFieldIds, schema), sought.Ranges, cancellation);
        var hits = new List<long>();
        for (var step = await keys.ReadAsync(collect: null, cancellation); !step.IsEmpty; step = await keys.ReadAsync(collect: null, cancellation))
        {
            Look(step.Span, firstRow + keys.FirstRow);
            if (hits.Count < KeyReader.Step) continue;
            Note();
        }

        Note();

        void Look(ReadOnlySpan<UInt128> fingerprints, long first)
        {
            var set = sought.Set;
            for (var i = 0; i < fingerprints.Length; i++)
                if (set.Contains(fingerprints[i]) && deleted?.Contains(first + i) != true) hits.Add(first + i);
        }

        void Note()
        {
            lock (found)
            {
                foreach (var position in hits) found.Add(position);
            }

            hits.Clear();
        }
    }

    /// <summary>By the bounds in the manifest.</summary>
    private bool MayHold(DataFile file, SoughtKeys sought)
    {
        for (var i = 0; i < keyFieldIds.Count; i++)
        {
            if (!sought.Ranges[i].MayContain(KeyBounds.Bound(file.LowerBounds, keyFieldIds[i]), KeyBounds.Bound(file.UpperBounds, keyFieldIds[i]))) return false;
        }

        return file.RecordCount > 0;
    }

    private async Task<ParquetFileReader> OpenAsync(DataFile file, CancellationToken cancellation) =>
        await ParquetFileReader.OpenAsync(await open(file.FilePath, cancellation), leaveOpen: false, options: null, cancellation);

    private IcebergException NullKey(DataFile file) => IcebergException.Invalid(
        $"{file.FilePath} has a row without a value in its key ({KeyText}); rows without a key cannot be told apart. Make the columns NOT NULL in the source, or choose another key.");

    private IcebergException DoubledKey(DataFile file, long row) => IcebergException.Invalid(
        $"{file.FilePath} has in row {row} a key ({KeyText}) that another new row of the same load has too; it cannot be told which of them is the newer. Choose as the key columns that are unique in the source.");

    private string KeyText => string.Join(", ", keyFieldIds.Select(schema.FullName));

    private static ParallelOptions Degree(int degree, CancellationToken cancellation) => new() { MaxDegreeOfParallelism = degree, CancellationToken = cancellation };
}
