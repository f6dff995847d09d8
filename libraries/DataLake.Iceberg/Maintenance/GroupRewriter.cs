using System.Runtime.CompilerServices;
using System.Text;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Types;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Storage;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// Writes the live rows of a group into new files, by the table's current schema; from version 3 on with the ids that rows have, and when they last changed. Memory is what the options say: batches follow the size of the rows, and row groups are cut to it.
/// </summary>
internal sealed class GroupRewriter
{
    private const string BloomFilterProperty = "write.parquet.bloom-filter-enabled.column.";

    private readonly RewriteFiles files;
    private readonly TableMetadata table;
    private readonly CompactionOptions options;
    private readonly Schema schema;
    private readonly ParquetSchema columns;
    private readonly ParquetWriterOptions form;
    private readonly SortOrder order;

    public GroupRewriter(RewriteFiles files, TableMetadata table, CompactionOptions options)
    {
        (this.files, this.table, this.options) = (files, table, options);
        schema = table.HasRowLineage ? LineageColumns.With(table.CurrentSchema) : table.CurrentSchema;
        columns = ParquetTypes.ToParquet(schema);
        order = options.Sort ? table.DefaultSortOrder : SortOrder.Unsorted;
        var bloomFilters = options.Parquet.BloomFilters.ToDictionary();
        foreach (var column in columns.Columns)
            if (column.PhysicalType != PhysicalType.Boolean && TableProperties.Flag(table, BloomFilterProperty + column.Name) == true) bloomFilters.TryAdd(column.Name, new());
        var notes = (options.Parquet.KeyValueMetadata ?? new Dictionary<string, string>()).ToDictionary();
        notes[ParquetTypes.SchemaNote] = Encoding.UTF8.GetString(SchemaJson.ToUtf8(table.CurrentSchema));
        form = options.Parquet with { RowGroupBytes = Math.Min(options.Parquet.RowGroupBytes, Math.Max(1, options.MemoryBytes / 2)), BloomFilters = bloomFilters, KeyValueMetadata = notes };
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
            await foreach (var (rowColumns, rows) in RowsAsync(group, cancellation))
            {
                output ??= new OutputFile(files, columns, form);
                await output.AppendAsync(rowColumns, rows, cancellation);

                // A tenth more: a group fills a file or less by its old sizes, and should not leave a scrap.
                if (output.Bytes < options.TargetFileBytes * 1.1) continue;
                done.Add(await CompleteAsync(output, group, cancellation));
                output = null;
            }

            if (output is not null) done.Add(await CompleteAsync(output, group, cancellation));
            output = null;
            return done;
        }
        catch
        {
            files.Remove(done);
            throw;
        }
        finally
        {
            if (output is not null) await output.DisposeAsync();
        }
    }

    /// <summary>The live rows of a group; sorted if that is asked for, else as they are read. Valid until the next ones are asked for.</summary>
    private async IAsyncEnumerable<(IReadOnlyList<RowColumn> Columns, ReadOnlyMemory<int> Rows)> RowsAsync(CompactionGroup group, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var sorted = order.Fields.Count > 0 ? new SortedRows(schema, order, options.MemoryBytes / 2) : null;
        var reader = new RowReader((location, _) => ValueTask.FromResult(files.Open(location)), schema, batchBytes: Math.Max(1, options.MemoryBytes / 8));
        foreach (var file in group.Files)
        {
            var rows = 0L;
            await foreach (var batch in reader.ReadAsync([new FileRows(file.Data.DataFile, [.. file.Deletes.Select(delete => delete.DataFile)], file.Data.SequenceNumber)], cancellation))
            {
                rows += batch.RowCount;
                if (sorted is not null) sorted.Add(batch);
                else if (batch.Live.Length > 0) yield return (batch.Columns, batch.LiveRows);
            }

            if (rows != file.Data.DataFile.RecordCount)
                throw IcebergException.Corrupt($"{file.Data.DataFile.FilePath} has {rows} rows, and {file.Data.DataFile.RecordCount} by its manifest; restore it.");
        }

        foreach (var step in sorted?.InOrder() ?? []) yield return (sorted!.Columns, step);
    }

    private async Task<DataFile> CompleteAsync(OutputFile output, CompactionGroup group, CancellationToken cancellation)
    {
        await using (output) return await output.CompleteAsync(cancellation) with { PartitionSpecId = group.SpecId, Partition = group.Partition, SortOrderId = order.Fields.Count > 0 ? order.OrderId : null };
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

        public OutputFile(RewriteFiles files, ParquetSchema columns, ParquetWriterOptions form)
        {
            location = files.Next();
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
}
