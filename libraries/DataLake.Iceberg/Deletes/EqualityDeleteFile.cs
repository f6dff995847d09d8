using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Deletes;

/// <summary>
/// Deleted rows by the values of some columns (<see href="https://iceberg.apache.org/spec/#equality-delete-files">Equality Delete Files</see>), of data files with a lower sequence number. Cheap
/// to write and dear to read: position deletes are what this library writes unless it is asked for these.
/// </summary>
public static class EqualityDeleteFile
{
    /// <summary>Writes an equality delete file.</summary>
    /// <param name="output">Where to; it stays open.</param>
    /// <param name="location">Its full location.</param>
    /// <param name="schema">The table's schema.</param>
    /// <param name="equalityIds">The columns by which rows are equal: primitive, and not inside anything.</param>
    /// <param name="rows">Deleted values, one of every column in the order of the ids; null equals null.</param>
    /// <param name="cancellation">Stops the call; what was written is no file then.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: no columns, columns that rows cannot be compared by, or values of another number or type.</exception>
    public static async Task<DataFile> WriteAsync(
        Stream output, string location, Schema schema, IReadOnlyList<int> equalityIds, IEnumerable<IReadOnlyList<IcebergValue>> rows, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(equalityIds);
        ArgumentNullException.ThrowIfNull(rows);
        if (equalityIds.Count == 0) throw IcebergException.Invalid("An equality delete file needs at least one column by which rows are equal.");
        var fields = equalityIds.Select(id => schema.Columns.Field(id) is { Type: PrimitiveType } field
            ? field
            : throw IcebergException.Invalid($"Rows cannot be compared by the field {id}: it is no primitive column of the schema.")).ToList();
        await using var writer = new ParquetFileWriter(output, new ParquetSchema([.. fields.Select(ParquetTypes.ToColumn)]), new ParquetWriterOptions());
        foreach (var row in rows)
        {
            if (row.Count != fields.Count) throw IcebergException.Invalid($"A row of an equality delete file has {row.Count} values where there are {fields.Count} columns.");
            for (var i = 0; i < fields.Count; i++) ParquetValues.Append(writer[i], row[i]);
            await writer.EndBatchAsync(cancellation);
        }

        var summary = await writer.CompleteAsync(cancellation);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata) with { Content = DataFileContent.EqualityDeletes, EqualityIds = [.. equalityIds] };
    }

    /// <summary>Adds the keys of an equality delete file to a set.</summary>
    internal static async Task ReadAsync(OpenFile open, DataFile deleteFile, Schema schema, FingerprintSet target, CancellationToken cancellation)
    {
        if (deleteFile.FileFormat != FileFormat.Parquet || deleteFile.Content != DataFileContent.EqualityDeletes || deleteFile.EqualityIds is not { Count: > 0 } ids)
            throw IcebergException.Unsupported($"{deleteFile.FilePath} is {deleteFile.FileFormat} with {deleteFile.Content}; equality deletes are read from Parquet only, and need equality ids.");
        await using var reader = await ParquetFileReader.OpenAsync(await open(deleteFile.FilePath, cancellation), leaveOpen: false, options: null, cancellation);
        var key = KeyColumn.Of(deleteFile.FilePath, reader.Metadata, ids, schema);
        for (var rowGroup = 0; rowGroup < reader.Metadata.RowGroups.Count; rowGroup++)
        {
            using var keys = await KeyReader.OpenAsync(reader, rowGroup, key, sought: null, cancellation);
            for (var step = await keys.ReadAsync(collect: null, cancellation); !step.IsEmpty; step = await keys.ReadAsync(collect: null, cancellation))
                foreach (var fingerprint in step.Span) target.Add(fingerprint);
        }
    }
}
