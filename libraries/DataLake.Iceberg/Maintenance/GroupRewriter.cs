using DataLake.Iceberg.Files;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Storage;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// Writes the live rows of a group into new files, by the table's current schema. Memory is what the options say: batches follow the size of the rows, and row groups are cut to it.
/// </summary>
internal sealed class GroupRewriter
{
    private const string BloomFilterProperty = "write.parquet.bloom-filter-enabled.column.";
    private const string DataPathProperty = "write.data.path";

    private readonly TableFiles files;
    private readonly TableMetadata table;
    private readonly CompactionOptions options;
    private readonly ParquetSchema columns;
    private readonly ParquetWriterOptions form;
    private readonly string folder;
    private readonly Guid call = Guid.NewGuid();
    private int written;

    public GroupRewriter(TableFiles files, TableMetadata table, CompactionOptions options)
    {
        (this.files, this.table, this.options) = (files, table, options);
        columns = ParquetTypes.ToParquet(table.CurrentSchema);
        folder = (table.Properties.GetValueOrDefault(DataPathProperty) ?? $"{table.Location.TrimEnd('/')}/data").TrimEnd('/');
        var bloomFilters = options.Parquet.BloomFilters.ToDictionary();
        foreach (var column in columns.Columns)
            if (column.PhysicalType != PhysicalType.Boolean && TableProperties.Flag(table, BloomFilterProperty + column.Name) == true) bloomFilters.TryAdd(column.Name, new());
        form = options.Parquet with { RowGroupBytes = Math.Min(options.Parquet.RowGroupBytes, Math.Max(1, options.MemoryBytes / 2)), BloomFilters = bloomFilters };
    }

    /// <summary>Writes a group's rows.</summary>
    /// <returns>The new files; none where every row is deleted.</returns>
    /// <exception cref="IcebergException">A file cannot be read, or is not what its manifest says, or the group needs more memory than there is. What was written is removed.</exception>
    public async Task<IReadOnlyList<DataFile>> WriteAsync(CompactionGroup group, CancellationToken cancellation)
    {
        CheckMemory(group);
        var done = new List<DataFile>();
        OutputFile? output = null;
        try
        {
            var reader = new RowReader((location, _) => ValueTask.FromResult<Stream>(files.OpenRead(location)), table.CurrentSchema, batchBytes: Math.Max(1, options.MemoryBytes / 8));
            foreach (var file in group.Files)
            {
                var rows = 0L;
                await foreach (var batch in reader.ReadAsync([new FileRows(file.Data.DataFile, [.. file.Deletes.Select(delete => delete.DataFile)])], cancellation))
                {
                    rows += batch.RowCount;
                    if (batch.Live.IsEmpty) continue;
                    output ??= new OutputFile(files, $"{folder}/{call}-{++written:D5}.parquet", columns, form);
                    await output.AppendAsync(batch, cancellation);

                    // A tenth more: a group fills a file or less by its old sizes, and should not leave a scrap.
                    if (output.Bytes < options.TargetFileBytes * 1.1) continue;
                    done.Add(await CompleteAsync(output, group, cancellation));
                    output = null;
                }

                if (rows != file.Data.DataFile.RecordCount)
                    throw IcebergException.Corrupt($"{file.Data.DataFile.FilePath} has {rows} rows, and {file.Data.DataFile.RecordCount} by its manifest; restore it.");
            }

            if (output is not null) done.Add(await CompleteAsync(output, group, cancellation));
            output = null;
            return done;
        }
        catch
        {
            Remove(done);
            throw;
        }
        finally
        {
            if (output is not null) await output.DisposeAsync();
        }
    }

    /// <summary>Removes files that no commit made part of the table.</summary>
    public void Remove(IEnumerable<DataFile> unused)
    {
        foreach (var file in unused)
        {
            try
            {
                files.Delete(file.FilePath);
            }
            catch (StorageException)
            {
                // What could not be removed is an orphan.
            }
        }
    }

    private static async Task<DataFile> CompleteAsync(OutputFile output, CompactionGroup group, CancellationToken cancellation)
    {
        await using (output) return await output.CompleteAsync(cancellation) with { PartitionSpecId = group.SpecId, Partition = group.Partition };
    }

    private void CheckMemory(CompactionGroup group)
    {
        var keys = group.Files.Max(file => file.Deletes.Where(delete => delete.DataFile.Content == DataFileContent.EqualityDeletes).Sum(delete => delete.DataFile.RecordCount));
        if (keys * FingerprintSet.BytesOfOne > options.MemoryBytes / 2)
        {
            throw new IcebergException(
                IcebergErrorKind.LimitExceeded, $"{keys} keys of equality deletes need more than half of {options.MemoryBytes} bytes; raise {nameof(CompactionOptions.MemoryBytes)}.");
        }
    }

    /// <summary>A data file that is being written.</summary>
    private sealed class OutputFile : IAsyncDisposable
    {
        private readonly string location;
        private readonly StagedFile file;
        private readonly ParquetFileWriter writer;

        public OutputFile(TableFiles files, string location, ParquetSchema columns, ParquetWriterOptions form)
        {
            this.location = location;
            file = files.Create(location);
            writer = new ParquetFileWriter(file.Stream, columns, form);
        }

        public long Bytes => writer.BytesWritten + writer.BufferedBytes;

        public ValueTask AppendAsync(RowBatch batch, CancellationToken cancellation)
        {
            for (var i = 0; i < batch.Columns.Count; i++) batch.Columns[i].AppendTo(writer[i], batch.Live);
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
}
