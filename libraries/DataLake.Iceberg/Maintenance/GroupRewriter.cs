using System.Runtime.CompilerServices;
using System.Text;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// Writes the live rows of a group into new files, by the table's current schema (from version 3 on with the ids that rows have, and when they last changed): sorted by the table's order, and divided where they are of several partitions. Memory is what the options say: batches follow the size
/// of the rows, row groups are cut to it, and what has to be sorted and does not fit is sorted in files.
/// </summary>
internal sealed class GroupRewriter
{
    private const string BloomFilterProperty = "write.parquet.bloom-filter-enabled.column.";

    private readonly RewriteFiles files;
    private readonly TableMetadata table;
    private readonly CompactionOptions options;
    private readonly TargetLayout layout;
    private readonly Schema schema;
    private readonly ParquetSchema columns;
    private readonly ParquetWriterOptions form;

    public GroupRewriter(RewriteFiles files, TableMetadata table, CompactionOptions options)
    {
        (this.files, this.table, this.options, layout) = (files, table, options, new TargetLayout(table));
        schema = table.HasRowLineage ? LineageColumns.With(table.CurrentSchema) : table.CurrentSchema;
        columns = ParquetTypes.ToParquet(schema);
        var bloomFilters = options.Parquet.BloomFilters.ToDictionary();
        foreach (var column in columns.Columns)
            if (column.PhysicalType != PhysicalType.Boolean && TableProperties.Flag(table, BloomFilterProperty + column.Name) == true) bloomFilters.TryAdd(column.Name, new());
        var notes = (options.Parquet.KeyValueMetadata ?? new Dictionary<string, string>()).ToDictionary();
        notes[ParquetTypes.SchemaNote] = Encoding.UTF8.GetString(SchemaJson.ToUtf8(table.CurrentSchema));
        form = options.Parquet with { RowGroupBytes = Math.Min(options.Parquet.RowGroupBytes, Math.Max(1, options.MemoryBytes / 2)), BloomFilters = bloomFilters, KeyValueMetadata = notes };
    }

    /// <summary>Writes a group's rows.</summary>
    /// <returns>The new files; none where every row is deleted.</returns>
    /// <exception cref="IcebergException">A file cannot be read, or is not what its manifest says. What was written is removed.</exception>
    public async Task<IReadOnlyList<DataFile>> WriteAsync(CompactionGroup group, CancellationToken cancellation)
    {
        var done = new List<DataFile>();
        RewrittenFile? output = null;
        RowStep last = default;
        try
        {
            await foreach (var step in RowsAsync(group, cancellation))
            {
                // A tenth more: a group fills a file or less by its old sizes, and should not leave a scrap.
                if (output is not null && (output.Bytes >= options.TargetFileBytes * 1.1 || !step.Partition.Equals(last.Partition)))
                {
                    done.Add(await CompleteAsync(output, group, last, cancellation));
                    output = null;
                }

                output ??= new RewrittenFile(files, files.Next(), columns, form);
                await output.AppendAsync(step.Columns, step.Rows, cancellation);
                last = step;
            }

            if (output is not null) done.Add(await CompleteAsync(output, group, last, cancellation));
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

    /// <summary>The live rows of a group, by partition and order, or where they have neither, as they are read. Valid until the next ones are asked for.</summary>
    private async IAsyncEnumerable<RowStep> RowsAsync(CompactionGroup group, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (group.Partition is not null && layout.Order.Fields.Count == 0)
        {
            await foreach (var (batch, live) in LiveAsync(group, cancellation)) yield return new RowStep(batch.Columns, live, group.Partition);
            yield break;
        }

        using var sorter = new RowSorter(files, schema, new RowOrder(schema, group.Partition is null ? layout.Spec : null, layout.Order), options.MemoryBytes);
        await foreach (var (batch, live) in LiveAsync(group, cancellation)) await sorter.AddAsync(batch, live, cancellation);
        await foreach (var step in sorter.InOrderAsync(cancellation)) yield return group.Partition is { } partition ? step with { Partition = partition } : step;
    }

    private async IAsyncEnumerable<(RowBatch Batch, ReadOnlyMemory<int> Live)> LiveAsync(CompactionGroup group, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var reader = new RowReader((location, _) => ValueTask.FromResult(files.Open(location)), schema, batchBytes: Math.Max(1, options.MemoryBytes / 8));
        foreach (var file in group.Files)
        {
            var deletes = file.Deletes.Select(delete => delete.DataFile).ToList();
            var found = await FindDeletedAsync(file.Data.DataFile, deletes, cancellation);
            var rows = 0L;
            await foreach (var batch in reader.ReadAsync([new FileRows(file.Data.DataFile, deletes, file.Data.SequenceNumber)], cancellation))
            {
                rows += batch.RowCount;
                var live = found is null ? batch.LiveRows : batch.LiveRows.ToArray().Where(row => !found.Contains(batch.FirstPosition + row)).ToArray();
                if (live.Length > 0) yield return (batch, live);
            }

            if (rows != file.Data.DataFile.RecordCount)
                throw IcebergException.Corrupt($"{file.Data.DataFile.FilePath} has {rows} rows, and {file.Data.DataFile.RecordCount} by its manifest; restore it.");
        }
    }

    /// <summary>Where the keys of equality deletes do not fit into the memory, the rows that have them are looked for in as many passes as it takes, and the delete files taken from the list.</summary>
    /// <returns>The rows; null where the keys fit.</returns>
    private async Task<PositionSet?> FindDeletedAsync(DataFile file, List<DataFile> deletes, CancellationToken cancellation)
    {
        var keys = deletes.FindAll(delete => delete.Content == DataFileContent.EqualityDeletes);
        if (keys.Sum(delete => delete.RecordCount) * FingerprintSet.BytesOfOne <= options.MemoryBytes / 2) return null;
        var found = new PositionSet(file.RecordCount);
        foreach (var same in keys.GroupBy(delete => string.Join(',', delete.EqualityIds ?? [])))
        {
            var search = new KeySearch(
                (location, _) => ValueTask.FromResult(files.Open(location)), table.CurrentSchema, same.First().EqualityIds ?? [], new KeySearchOptions { KeyBytes = options.MemoryBytes / 2, Parallelism = 1 });
            foreach (var positions in (await search.FindAsync([.. same.Select(delete => delete with { Content = DataFileContent.Data })], [(file, null)], cancellation)).Values) found.UnionWith(positions);
        }

        deletes.RemoveAll(delete => delete.Content == DataFileContent.EqualityDeletes);
        return found;
    }

    private async Task<DataFile> CompleteAsync(RewrittenFile output, CompactionGroup group, RowStep last, CancellationToken cancellation)
    {
        await using (output)
        {
            return await output.CompleteAsync(cancellation) with
            {
                PartitionSpecId = group.SpecId, Partition = last.Partition, SortOrderId = layout.Order.Fields.Count > 0 ? layout.Order.OrderId : null,
            };
        }
    }
}
