using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Storage;

namespace DataLake.Iceberg.Maintenance;

/// <summary>A data file that is being written.</summary>
internal sealed class RewrittenFile : IAsyncDisposable
{
    private readonly string location;
    private readonly StagedFile file;
    private readonly ParquetFileWriter writer;

    public RewrittenFile(RewriteFiles files, string location, ParquetSchema columns, ParquetWriterOptions form)
    {
        this.location = location;
        file = files.Create(location);
        writer = new ParquetFileWriter(file.Stream, columns, form);
    }

    public long Bytes => writer.BytesWritten + writer.BufferedBytes;

    public ValueTask AppendAsync(IReadOnlyList<RowColumn> columns, ReadOnlyMemory<int> rows, CancellationToken cancellation)
    {
        for (var i = 0; i < columns.Count; i++) columns[i].AppendTo(writer[i], rows.Span);
        return writer.EndBatchAsync(cancellation);
    }

    public async Task<DataFile> CompleteAsync(CancellationToken cancellation)
    {
        var summary = await writer.CompleteAsync(cancellation);
        await file.PublishAsync(cancellation);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await file.DisposeAsync();
    }
}
