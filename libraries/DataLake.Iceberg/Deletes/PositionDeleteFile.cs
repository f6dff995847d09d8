using System.Text;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Deletes;

/// <summary>
/// Deleted rows by data file and position (<see href="https://iceberg.apache.org/spec/#position-delete-files">Position Delete Files</see>): two columns, sorted, so that a reader of one
/// data file finds its rows in a few pages.
/// </summary>
public static class PositionDeleteFile
{
    /// <summary>The reserved field id of file_path.</summary>
    public const int FilePathId = 2147483546;

    /// <summary>The reserved field id of pos.</summary>
    public const int PositionId = 2147483545;

    private const int RowsOfBatch = 16 * 1024;

    private static readonly ParquetSchema Columns = new(
        [ParquetColumn.Text("file_path", nullable: false, FilePathId), ParquetColumn.Of("pos", PhysicalType.Int64, null, nullable: false, PositionId)]);

    /// <summary>Writes a position delete file.</summary>
    /// <param name="output">Where to; it stays open.</param>
    /// <param name="location">Its full location.</param>
    /// <param name="deletes">Deleted positions by the full location of the data file, exactly as the manifest has it. All of one partition: set it on the result.</param>
    /// <param name="cancellation">Stops the call; what was written is no file then.</param>
    /// <returns>The delete file, with whole bounds, by which readers know what it does not concern.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: nothing is deleted.</exception>
    public static async Task<DataFile> WriteAsync(Stream output, string location, IReadOnlyDictionary<string, PositionSet> deletes, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(deletes);
        var files = deletes.Where(file => file.Value.Count > 0).Select(file => (Path: Encoding.UTF8.GetBytes(file.Key), Location: file.Key, Positions: file.Value)).ToList();
        files.Sort((left, right) => left.Path.AsSpan().SequenceCompareTo(right.Path));
        if (files.Count == 0) throw IcebergException.Invalid("A position delete file needs at least one position; commit without a delete file where nothing is deleted.");
        await using var writer = new ParquetFileWriter(output, Columns, new ParquetWriterOptions());
        var (paths, positions) = ((ByteArrayColumnBuffer)writer[0], (Int64ColumnBuffer)writer[1]);
        var (least, greatest) = (long.MaxValue, long.MinValue);
        foreach (var file in files)
        {
            foreach (var position in file.Positions)
            {
                paths.Append(file.Path);
                positions.Append(position);
                (least, greatest) = (Math.Min(least, position), Math.Max(greatest, position));
                if (positions.RowCount % RowsOfBatch == 0) await writer.EndBatchAsync(cancellation);
            }
        }

        var summary = await writer.CompleteAsync(cancellation);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata) with
        {
            Content = DataFileContent.PositionDeletes,
            LowerBounds = Bounds(files[0].Path, least),
            UpperBounds = Bounds(files[^1].Path, greatest),
            ReferencedDataFile = files.Count == 1 ? files[0].Location : null,
        };
    }

    /// <summary>Adds to each target what a position delete file deletes of it.</summary>
    /// <param name="open">Opens files.</param>
    /// <param name="deleteFile">The delete file, of Parquet.</param>
    /// <param name="targets">Sets to add to, by the location of their data file; the delete file may name others.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/>: the file does not have the columns of position deletes. <see cref="IcebergErrorKind.Unsupported"/>: it is not Parquet.</exception>
    public static async Task ReadAsync(OpenFile open, DataFile deleteFile, IReadOnlyDictionary<string, PositionSet> targets, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(deleteFile);
        ArgumentNullException.ThrowIfNull(targets);
        if (deleteFile.FileFormat != FileFormat.Parquet || deleteFile.Content != DataFileContent.PositionDeletes)
            throw IcebergException.Unsupported($"{deleteFile.FilePath} is {deleteFile.FileFormat} with {deleteFile.Content}; position deletes are read from Parquet only.");
        await using var reader = await ParquetFileReader.OpenAsync(await open(deleteFile.FilePath, cancellation), leaveOpen: false, options: null, cancellation);
        var (path, position) = (Place(reader, FilePathId, PhysicalType.ByteArray, deleteFile), Place(reader, PositionId, PhysicalType.Int64, deleteFile));
        var sought = targets.Keys.Select(Encoding.UTF8.GetBytes).ToList();
        for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
        {
            var statistics = reader.Metadata.RowGroups[rowGroup].Columns[path].Statistics;
            if (!sought.Exists(target => statistics?.MinValue is not { } least || statistics.MaxValue is not { } greatest
                || (target.AsSpan().SequenceCompareTo(least.Span) >= 0 && target.AsSpan().SequenceCompareTo(greatest.Span) <= 0))) continue;
            await ReadRowGroupAsync(reader, rowGroup, path, position, targets, cancellation);
        }
    }

    private static async Task ReadRowGroupAsync(
        ParquetFileReader reader, int rowGroup, int pathPlace, int positionPlace, IReadOnlyDictionary<string, PositionSet> targets, CancellationToken cancellation)
    {
        using var paths = reader.OpenColumn(rowGroup, pathPlace);
        using var positions = reader.OpenColumn(rowGroup, positionPlace);
        var current = new CurrentTarget(targets);
        for (var (path, position) = (0, 0); ;)
        {
            if (path == paths.Values.RowCount)
            {
                if (!await paths.ReadPageAsync(cancellation)) return;
                path = 0;
            }

            if (position == positions.Values.RowCount)
            {
                if (!await positions.ReadPageAsync(cancellation)) throw IcebergException.Corrupt("A position delete file has more paths than positions; restore it.");
                position = 0;
            }

            var count = Math.Min(paths.Values.RowCount - path, positions.Values.RowCount - position);
            if (paths.Values.NullCount + positions.Values.NullCount > 0) throw IcebergException.Corrupt("A position delete file has a row without path or position; restore it.");
            current.Add((ByteArrayColumnValues)paths.Values, path, ((FixedWidthColumnValues<long>)positions.Values).Values.Slice(position, count));
            path += count;
            position += count;
        }
    }

    private static int Place(ParquetFileReader reader, int id, PhysicalType type, DataFile deleteFile)
    {
        var columns = reader.Metadata.Schema.Columns;
        for (var i = 0; i < columns.Count; i++)
            if (columns[i].FieldId == id && columns[i].PhysicalType == type && columns[i].Element is null) return i;
        throw IcebergException.Corrupt($"{deleteFile.FilePath} has no {type} column with the field id {id}, which position deletes have; restore it.");
    }

    private static FieldMap<ReadOnlyMemory<byte>> Bounds(byte[] path, long position) =>
        new([new(FilePathId, path), new(PositionId, SingleValueBinary.ToBytes(IcebergValue.Long(position)))]);

    /// <summary>The target of the last row: rows of one data file follow each other, so that its name is looked up once.</summary>
    private sealed class CurrentTarget(IReadOnlyDictionary<string, PositionSet> targets)
    {
        private byte[]? path;
        private PositionSet? target;

        public void Add(ByteArrayColumnValues paths, int first, ReadOnlySpan<long> positions)
        {
            for (var i = 0; i < positions.Length; i++)
            {
                var next = paths[first + i];
                if (path is null || !next.SequenceEqual(path))
                {
                    path = next.ToArray();
                    target = targets.GetValueOrDefault(Encoding.UTF8.GetString(path));
                }

                target?.Add(positions[i]);
            }
        }
    }
}
