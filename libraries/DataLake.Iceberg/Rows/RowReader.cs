using System.Runtime.CompilerServices;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.Rows;

/// <summary>A data file and the delete files that apply to it, as scan planning pairs them by partition and sequence number.</summary>
/// <param name="File">The data file.</param>
/// <param name="Deletes">Position and equality delete files, which may name other files too, and deletion vectors.</param>
/// <param name="SequenceNumber">The data sequence number of the file, which rows that were not moved have as that of their last update; needed only where lineage is read.</param>
public sealed record FileRows(DataFile File, IReadOnlyList<DataFile> Deletes, long? SequenceNumber = null);

/// <summary>
/// Reads the rows of data files without those that are deleted, by the columns of one schema: columns are found by field id, those that a file does not have are null or
/// their initial default, narrower types are widened
/// (<see href="https://iceberg.apache.org/spec/#column-projection">Column Projection</see>). One file at a time, in memory of a batch, and of a page and a dictionary a column.
/// </summary>
/// <param name="open">Opens files.</param>
/// <param name="schema">What is asked for: the table's schema, or that and <see cref="LineageColumns"/>.</param>
/// <param name="batchRows">The most rows of a batch.</param>
/// <param name="batchBytes">Bytes that a batch should not exceed: batches begin small and follow the size of the rows before them.</param>
public sealed class RowReader(OpenFile open, Schema schema, int batchRows = 8 * 1024, long batchBytes = long.MaxValue)
{
    private const int FirstBatchRows = 64;

    private (IReadOnlyList<string> Files, IReadOnlyList<EqualityFilter> Filters) lastEquality = ([], []);
    private int nextRows = batchBytes == long.MaxValue ? batchRows : Math.Min(batchRows, FirstBatchRows);

    /// <summary>The rows of some files, file after file, in their order.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: a file is not Parquet. <see cref="IcebergErrorKind.Invalid"/>: a file lacks a required column, or has one with
    /// a type that does not widen to the schema's.</exception>
    public async IAsyncEnumerable<RowBatch> ReadAsync(IEnumerable<FileRows> files, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        var batch = new RowBatch([.. schema.Columns.Fields.Select(field => new RowColumn(field))]);
        foreach (var file in files)
        {
            if (file.File.FileFormat != FileFormat.Parquet || file.File.Content != DataFileContent.Data)
                throw IcebergException.Unsupported($"{file.File.FilePath} is {file.File.FileFormat} with {file.File.Content}; rows are read from Parquet data files only.");
            if (file.File.KeyMetadata is not null) throw IcebergException.Unsupported($"{file.File.FilePath} is encrypted, and nothing is decrypted here; use an engine that has the table's keys.");
            var deleted = await PositionsAsync(open, file, cancellation);
            var filters = await EqualityAsync(file, cancellation);
            await using var reader = await ParquetFileReader.OpenAsync(await open(file.File.FilePath, cancellation), leaveOpen: false, options: null, cancellation);
            var places = Places(reader.Metadata.Schema, file.File.FilePath);
            var first = 0L;
            for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
            {
                await foreach (var next in ReadRowGroupAsync(reader, file, rowGroup, first, places, deleted, filters, batch, cancellation)) yield return next;
                first += reader.Metadata.RowGroups[rowGroup].RowCount;
            }
        }
    }

    /// <summary>What position delete files, or a deletion vector, delete of a data file; what <c>KeySearch</c> asks for beside a candidate.</summary>
    public static async Task<PositionSet> PositionsAsync(OpenFile open, FileRows file, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        var positions = new PositionSet(file.File.RecordCount);
        var targets = new Dictionary<string, PositionSet> { [file.File.FilePath] = positions };
        foreach (var deleteFile in file.Deletes)
        {
            if (deleteFile.Content != DataFileContent.PositionDeletes || (deleteFile.ReferencedDataFile is { } only && only != file.File.FilePath)) continue;
            await PositionDeletes.ReadAsync(open, deleteFile, targets, cancellation);
        }

        return positions;
    }

    private async IAsyncEnumerable<RowBatch> ReadRowGroupAsync(
        ParquetFileReader reader, FileRows file, int rowGroup, long first, int[] places, PositionSet deleted, IReadOnlyList<EqualityFilter> filters, RowBatch batch,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        List<IDisposable> opened = [];
        try
        {
            var cursors = new ValueCursor?[places.Length];
            for (var i = 0; i < places.Length; i++)
                if (places[i] >= 0) opened.Add(cursors[i] = await ValueCursor.OpenAsync(reader, rowGroup, places[i], cancellation));
            List<EqualityCursor> equality = [];
            foreach (var filter in filters)
            {
                equality.Add(await filter.OpenAsync(reader, file.File.FilePath, rowGroup, schema, cancellation));
                opened.Add(equality[^1]);
            }

            var dead = new bool[batchRows];
            var rows = reader.Metadata.RowGroups[rowGroup].RowCount;

            var most = MostRows(reader.Metadata.RowGroups[rowGroup]);
            nextRows = Math.Min(nextRows, most);
            for (var row = 0L; row < rows; row += batch.RowCount)
            {
                batch.Begin(file.File.FilePath, first + row, (int)Math.Min(nextRows, rows - row));
                for (var i = 0; i < cursors.Length; i++)
                {
                    if (cursors[i] is { } cursor) await cursor.ReadAsync(batch.Columns[i], batch.RowCount, cancellation);
                    else batch.Columns[i].AddMissing(batch.RowCount);
                }

                LineageColumns.Inherit(batch, file);

                Array.Clear(dead);
                foreach (var filter in equality) await filter.MarkAsync(dead.AsMemory(0, batch.RowCount), cancellation);
                for (var i = 0; i < batch.RowCount; i++)
                    if (!dead[i] && !deleted.Contains(first + row + i)) batch.AddLive(i);
                yield return batch;
                nextRows = Math.Min(RowsAfter(batch), most);
            }
        }
        finally
        {
            foreach (var cursor in opened) cursor.Dispose();
        }
    }

    /// <summary>Where a few rows are far larger than those before them, a batch should not be too far off: four times what rows of the row group are on average.</summary>
    private int MostRows(RowGroupMetadata rowGroup) => batchBytes > long.MaxValue / 4 || rowGroup.RowCount == 0
        ? batchRows
        : (int)Math.Clamp(4 * batchBytes / Math.Max(1, rowGroup.TotalByteSize / rowGroup.RowCount), 1, batchRows);

    /// <summary>As many rows as fit if they are like the last ones, and twice as many as those at most: larger ones may follow.</summary>
    private int RowsAfter(RowBatch batch) => batchBytes == long.MaxValue
        ? batchRows
        : (int)Math.Clamp(Math.Min(batch.RowCount * 2L, batchBytes / Math.Max(1, batch.Columns.Sum(column => column.ByteCount) / batch.RowCount)), 1, batchRows);

    /// <summary>Equality deletes apply to many files alike: those of the file before are kept.</summary>
    private async Task<IReadOnlyList<EqualityFilter>> EqualityAsync(FileRows file, CancellationToken cancellation)
    {
        var deleteFiles = file.Deletes.Where(delete => delete.Content == DataFileContent.EqualityDeletes).ToList();
        var names = deleteFiles.ConvertAll(delete => delete.FilePath);
        if (!names.SequenceEqual(lastEquality.Files)) lastEquality = (names, await EqualityFilter.LoadAsync(open, schema, deleteFiles, cancellation));
        return lastEquality.Filters;
    }

    /// <summary>Where the schema's columns stand in a file; -1 for those that it does not have.</summary>
    private int[] Places(ParquetSchema file, string location)
    {
        var places = ParquetTypes.PlacesOf(file);
        return [.. schema.Columns.Fields.Select(Find)];

        int Find(NestedField field)
        {
            if (!places.TryGetValue(field.Id, out var place))
                return !field.Required || DefaultValues.HasInitial(field) ? -1 : throw IcebergException.Invalid($"The file {location} does not have the required column '{field.Name}' (id {field.Id}); make the column optional, or write the file again.");
            var present = ParquetTypes.ToField(file.Columns[place]);
            if (!IsReadable(present.Type, field.Type))
                throw IcebergException.Invalid($"The column '{field.Name}' (id {field.Id}) is {present.Type} in the file {location}, which cannot be read as {field.Type}; write the file again.");
            return place;
        }
    }

    private static bool IsReadable(IcebergType from, IcebergType to) => (from, to) switch
    {
        (PrimitiveType narrow, PrimitiveType wide) => TypePromotion.IsAllowed(narrow, wide),
        (ListType mine, ListType theirs) => mine.ElementId == theirs.ElementId && IsReadable(mine.Element, theirs.Element),
        _ => false,
    };
}
