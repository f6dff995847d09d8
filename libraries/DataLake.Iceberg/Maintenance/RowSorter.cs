using System.Runtime.CompilerServices;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Maintenance;

/// <summary>
/// Sorts any number of rows in bounded memory: what fills a third of it is sorted and written to a file of its own, and the files are merged. They lie beside the table's data and are removed in the end; a crash leaves orphans.
/// </summary>
internal sealed class RowSorter : IDisposable
{
    // Files that are merged at once: each takes its share of memory.
    private const int MostMerged = 16;

    private readonly RewriteFiles files;
    private readonly Schema schema;
    private readonly RowOrder order;
    private readonly long memoryBytes;
    private readonly ParquetWriterOptions form;
    private readonly List<DataFile> sorted = [];
    private SortedRows rows;

    public RowSorter(RewriteFiles files, Schema schema, RowOrder order, long memoryBytes)
    {
        (this.files, this.schema, this.order, this.memoryBytes) = (files, schema, order, memoryBytes);
        rows = new SortedRows(schema, order);
        var pages = (int)Math.Clamp(memoryBytes / 8 / MostMerged / Math.Max(1, schema.Columns.Fields.Count), 1024, 1 << 20);
        form = new ParquetWriterOptions { PageBytes = pages, DictionaryLimitBytes = 0, RowGroupBytes = Math.Max(1, memoryBytes / 8) };
    }

    /// <summary>Adds the live rows of a batch.</summary>
    public async ValueTask AddAsync(RowBatch batch, ReadOnlyMemory<int> live, CancellationToken cancellation)
    {
        rows.Add(batch.Columns, live.Span);
        if (rows.ByteCount <= memoryBytes / 3) return; // Its arrays may be twice as long.
        sorted.Add(await WriteAsync(rows.InOrder().ToAsyncEnumerable(), cancellation));
        rows.Clear();
    }

    /// <summary>All rows in their order, in steps of one partition.</summary>
    public async IAsyncEnumerable<RowStep> InOrderAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        if (sorted.Count == 0)
        {
            foreach (var step in rows.InOrder()) yield return step;
            yield break;
        }

        if (rows.RowCount > 0) sorted.Add(await WriteAsync(rows.InOrder().ToAsyncEnumerable(), cancellation));
        rows = new SortedRows(schema, order); // The memory is the readers' now.
        while (sorted.Count > MostMerged)
        {
            var first = sorted.Take(MostMerged).ToList();
            sorted.Insert(0, await WriteAsync(MergeAsync(first, cancellation), cancellation));
            sorted.RemoveRange(1, MostMerged);
            files.Remove(first);
        }

        await foreach (var step in MergeAsync(sorted, cancellation)) yield return step;
    }

    /// <summary>Removes what was written meanwhile.</summary>
    public void Dispose() => files.Remove(sorted);

    private async Task<DataFile> WriteAsync(IAsyncEnumerable<RowStep> steps, CancellationToken cancellation)
    {
        await using var output = new RewrittenFile(files, files.Next("-sorting"), ParquetTypes.ToParquet(schema), form);
        await foreach (var step in steps) await output.AppendAsync(step.Columns, step.Rows, cancellation);
        return await output.CompleteAsync(cancellation);
    }

    /// <summary>Merges sorted files. Where rows are equal, those of the earlier file come first.</summary>
    private async IAsyncEnumerable<RowStep> MergeAsync(IReadOnlyList<DataFile> sources, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var batchBytes = Math.Max(1, memoryBytes / 8 / sources.Count);
        var readers = sources.Select(source => new SortedFile(files, source, schema, order, batchBytes, cancellation)).ToList();
        try
        {
            var next = new PriorityQueue<SortedFile, (IcebergValue[] Key, int Place)>(
                Comparer<(IcebergValue[] Key, int Place)>.Create((left, right) => order.Compare(left.Key, right.Key) is var result and not 0 ? result : left.Place.CompareTo(right.Place)));
            foreach (var (place, reader) in readers.Index())
                if (await reader.MoveAsync()) next.Enqueue(reader, (reader.Key, place));
            var merged = new SortedRows(schema, order);
            var key = Array.Empty<IcebergValue>();
            while (next.TryDequeue(out var reader, out var least))
            {
                if (merged.RowCount > 0 && (merged.RowCount == SortedRows.RowsOfStep || merged.ByteCount > memoryBytes / 8 || !order.IsSamePartition(key, least.Key)))
                {
                    yield return merged.AsTheyCame(order.PartitionOf(key));
                    merged.Clear();
                }

                key = least.Key;
                reader.AppendTo(merged);
                if (await reader.MoveAsync()) next.Enqueue(reader, (reader.Key, least.Place));
            }

            if (merged.RowCount > 0) yield return merged.AsTheyCame(order.PartitionOf(key));
        }
        finally
        {
            foreach (var reader in readers) await reader.DisposeAsync();
        }
    }

    /// <summary>A sorted file and a row of it.</summary>
    private sealed class SortedFile(RewriteFiles files, DataFile file, Schema schema, RowOrder order, long batchBytes, CancellationToken cancellation) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<RowBatch> batches =
            new RowReader((location, _) => ValueTask.FromResult(files.Open(location)), schema, batchBytes: batchBytes).ReadAsync([new FileRows(file, [])], cancellation).GetAsyncEnumerator(cancellation);

        private int row = -1;

        public IcebergValue[] Key { get; private set; } = [];

        public async ValueTask<bool> MoveAsync()
        {
            if (row < 0 || ++row == batches.Current.RowCount)
            {
                if (!await batches.MoveNextAsync()) return false;
                row = 0;
            }

            Key = order.KeyOf(batches.Current.Columns, row);
            return true;
        }

        public void AppendTo(SortedRows target) => target.Add(batches.Current.Columns, [row]);

        public ValueTask DisposeAsync() => batches.DisposeAsync();
    }
}
