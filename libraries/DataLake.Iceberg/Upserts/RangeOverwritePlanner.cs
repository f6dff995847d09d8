using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Upserts;

/// <summary>
/// Plans an overwrite by filter: the rows whose value of one column lies in a half-open range leave the table, and new files come. Files whose bounds lie within the range leave whole; files whose bounds
/// lie outside are not opened; of the others that one column is read, as far as bounds of row groups and pages do not rule it out, and its rows are deleted by position. In memory are a few hundred
/// bytes for each file that can lose rows, a page at a time, and a bit for each row of files that lose some.
/// </summary>
/// <param name="files">The files of the table.</param>
public sealed class RangeOverwritePlanner(TableFiles files)
{
    /// <summary>Plans an overwrite on the table as it is. After a conflict it is planned again on the table as it is then, and this plan discarded.</summary>
    /// <param name="table">The table as it was loaded.</param>
    /// <param name="updates">Updates that go into the same commit (<c>SchemaEvolution.Updates</c>): the column is that of the schema after them.</param>
    /// <param name="fieldId">The column: an int, a long, a date, a time or a timestamp. Rows in which it is null stay.</param>
    /// <param name="lower">The least value that leaves, of the column's type; null for no limit.</param>
    /// <param name="upper">The least value above that stays, of the column's type; null for no limit.</param>
    /// <param name="added">New data files; their rows stay, whatever they hold. May be empty.</param>
    /// <param name="cancellation">Stops the planning; what it wrote is removed.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the column is not there, or of another type than the limits. <see cref="IcebergErrorKind.Unsupported"/>: a file that
    /// must be read is not Parquet.</exception>
    public Task<ReplacementPlan> PlanAsync(
        CatalogTable table, IReadOnlyList<TableUpdate> updates, int fieldId, IcebergValue lower, IcebergValue upper, IReadOnlyList<DataFile> added, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(updates);
        ArgumentNullException.ThrowIfNull(added);
        return RowDeletes.PlanAsync(table, () => PlanAsync(table.Metadata, updates, fieldId, lower, upper, added, cancellation));
    }

    private async Task<ReplacementPlan> PlanAsync(
        TableMetadata table, IReadOnlyList<TableUpdate> updates, int fieldId, IcebergValue lower, IcebergValue upper, IReadOnlyList<DataFile> added, CancellationToken cancellation)
    {
        var changed = RowDeletes.Updated(table, updates);
        var column = new RangeColumn(changed.CurrentSchema, fieldId, lower, upper);
        if (column.IsEmpty) return new ReplacementPlan(files, TableChange.Append(added) with { Updates = updates }, 0, []);

        var deletes = new RowDeletes(files, changed);
        var candidates = await deletes.CandidatesAsync(column.FilterFor(changed), [fieldId], cancellation);
        var removed = new List<DataFile>();
        var found = new Dictionary<string, PositionSet>(StringComparer.Ordinal);
        foreach (var (path, candidate) in candidates)
        {
            if (column.HoldsAllOf(candidate.File)) removed.Add(candidate.File);
            else if (await FindAsync(candidate.File, column, cancellation) is { Count: > 0 } positions) found.Add(path, positions);
        }

        var deleted = await deletes.LeaveOutDeletedAsync(found, candidates, cancellation);
        var replaced = new Dictionary<DataFile, PositionSet>(ReferenceEqualityComparer.Instance);
        foreach (var (path, positions) in found)
        {
            if (positions.Count == 0) continue;

            // Nothing would be left of it.
            if (positions.Count + (deleted.GetValueOrDefault(path)?.Count ?? 0) == candidates[path].File.RecordCount) removed.Add(candidates[path].File);
            else replaced.Add(candidates[path].File, positions);
        }

        var deleteFiles = await deletes.WriteAsync(replaced, deleted, cancellation);
        var change = deleteFiles.Count + removed.Count == 0
            ? TableChange.Append(added) with { BaseSnapshotId = table.CurrentSnapshotId, Isolation = Isolation.Serializable }
            : TableChange.RowDelta(table.CurrentSnapshotId, [.. added, .. deleteFiles], [.. replaced.Keys]) with { RemovedFiles = removed };
        return new ReplacementPlan(
            files, change with { Updates = updates, ConflictFilter = now => column.FilterFor(RowDeletes.Updated(now, updates)) },
            removed.Sum(file => file.RecordCount) + replaced.Values.Sum(positions => positions.Count), deleteFiles);
    }

    /// <summary>The rows of a file that lie in the range.</summary>
    private async Task<PositionSet> FindAsync(DataFile file, RangeColumn column, CancellationToken cancellation)
    {
        if (file.FileFormat != FileFormat.Parquet) throw IcebergException.Unsupported($"{file.FilePath} is {file.FileFormat}; rows are looked for in Parquet files only.");
        var found = new PositionSet(file.RecordCount);
        await using var reader = await ParquetFileReader.OpenAsync(files.OpenRead(file.FilePath), leaveOpen: false, options: null, cancellation);
        if (reader.Metadata.RowCount != file.RecordCount)
            throw IcebergException.Corrupt($"{file.FilePath} has {reader.Metadata.RowCount} rows, and {file.RecordCount} by its manifest; restore it.");
        var key = KeyColumn.Of(file.FilePath, reader.Metadata, [column.FieldId], column.Schema, nullIfMissing: true);
        if (key[0].IsMissing) return found;
        var firstRow = 0L;
        foreach (var (rowGroup, rows) in reader.Metadata.RowGroups.Index())
        {
            var (least, greatest) = ParquetBounds.Of(key[0].Column, key[0].Type, rows.Columns[key[0].Place].Statistics);
            if (column.Range.MayContain(least, greatest)) await FindAsync(reader, rowGroup, firstRow, key, column, found, cancellation);
            firstRow += rows.RowCount;
        }

        return found;
    }

    private static async Task FindAsync(
        ParquetFileReader reader, int rowGroup, long firstRow, KeyColumn[] key, RangeColumn column, PositionSet found, CancellationToken cancellation)
    {
        // The fingerprint of a number has the number in it.
        using var keys = await KeyReader.OpenAsync(reader, rowGroup, key, [column.Range], cancellation);
        for (var step = await keys.ReadAsync(collect: null, cancellation); !step.IsEmpty; step = await keys.ReadAsync(collect: null, cancellation)) Look(step.Span, firstRow + keys.FirstRow);

        void Look(ReadOnlySpan<UInt128> values, long first)
        {
            for (var i = 0; i < values.Length; i++)
                if (values[i] != Fingerprint.Null && column.Holds(Fingerprint.NumberOf(values[i]))) found.Add(first + i);
        }
    }
}
