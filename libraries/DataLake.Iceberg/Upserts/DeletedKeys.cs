using DataLake.Iceberg.Files;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Upserts;

/// <summary>Writes the keys of files down as equality deletes, batch by batch.</summary>
/// <param name="files">The files of the table.</param>
/// <param name="table">The table.</param>
/// <param name="keyFieldIds">The key.</param>
internal sealed class DeletedKeys(TableFiles files, TableMetadata table, IReadOnlyList<int> keyFieldIds)
{
    /// <summary>Writes one file for every partition: a key may have been in another one before.</summary>
    public async Task<DataFile> WriteAsync(IEnumerable<DataFile> keys, CancellationToken cancellation)
    {
        var schema = new Schema(new StructType([.. keyFieldIds.Select(id => table.CurrentSchema.Columns.Field(id)!)]));
        var location = $"{TableProperties.DataFolder(table)}/{Guid.NewGuid()}-keys.parquet";
        await using var file = files.Create(location);
        await using var writer = new ParquetFileWriter(file.Stream, ParquetTypes.ToParquet(schema), new ParquetWriterOptions());
        var reader = new RowReader((path, _) => ValueTask.FromResult(files.OpenRead(path)), schema);
        await foreach (var batch in reader.ReadAsync(keys.Select(key => new FileRows(key, [])), cancellation))
        {
            for (var i = 0; i < batch.Columns.Count; i++) batch.Columns[i].AppendTo(writer[i], batch.Live);
            await writer.EndBatchAsync(cancellation);
        }

        var summary = await writer.CompleteAsync(cancellation);
        await file.PublishAsync(cancellation);
        return FilePlacement.Everywhere(table, ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata) with { Content = DataFileContent.EqualityDeletes, EqualityIds = [.. keyFieldIds] });
    }
}
