using System.Collections.Concurrent;
using DataLake.Contracts;
using DataLake.Extractor.Files;
using DataLake.Ledger.Catalog;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Windows;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.ServiceDefaults.Failpoints;
using DataLake.ServiceDefaults.Secrets;
using DataLake.ServiceDefaults.Sources;
using DataLake.Storage;
using Microsoft.Extensions.Options;
using Npgsql;

namespace DataLake.Extractor.Extraction;

/// <summary>Reads the window of a run, in one snapshot of the source over as many connections as help, into published RAW files.</summary>
public sealed class WindowReader(
    SourcePool sources, SecretResolver secrets, LakeDirectory lake, TableColumns tableColumns, IOptions<ExtractorOptions> options)
{
    /// <summary>Reads the whole window.</summary>
    /// <param name="run">The claimed run.</param>
    /// <param name="pipeline">Its pipeline, in the run's version.</param>
    /// <param name="table">Its table, in the run's version.</param>
    /// <param name="onRows">Told of rows as they come.</param>
    /// <param name="cancellation">Stops the read; what was published by then is for the caller to remove.</param>
    public async Task<RunReceipt> ReadAsync(Run run, PipelineDefinition pipeline, TableDefinition table, Action<int> onRows, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(table);
        await using var snapshot = await SourceSnapshot.TakeAsync(sources.Get(pipeline), cancellation);
        var source = await TableInspector.InspectAsync(snapshot.Owner, table.Table, cancellation);
        TableFit.Check(source, table);
        var range = await RangeAsync(run, pipeline, table, source, snapshot.Owner, cancellation);
        var mappings = await MapAsync(run, pipeline, table, source, cancellation);
        var chunks = ChunkPlanner.Plan(source, RuleOf(table.Chunks), range, pipeline.Source.MaxConnections);
        Failpoint.Pass("extractor.snapshot-taken");

        var work = new ChunkWork(run, source.Name, mappings, new ConcurrentQueue<Chunk>(chunks), FolderOf(run, table), onRows);
        await ReadChunksAsync(snapshot, work, chunks.Count, cancellation);
        return new RunReceipt([.. work.Files.OrderBy(file => file.Number)], snapshot.Lsn);
    }

    /// <summary>The folder of the run's files.</summary>
    internal static string FolderOf(Run run, TableDefinition table) => LakePath.RawRun(
        run.Pipeline, run.Table, table.Sensitive.Count > 0, run.Kind == RunKind.Full ? "full" : "incremental",
        DateOnly.FromDateTime(run.PlannedAt.UtcDateTime), run.Id);

    private static async Task<CursorRange?> RangeAsync(
        Run run, PipelineDefinition pipeline, TableDefinition table, SourceTable source, NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (table.Cursor is not { } cursor || run.Kind == RunKind.Full)
        {
            return null;
        }

        var zone = cursor.TimeZone ?? pipeline.TimeZone;
        var read = run.Kind == RunKind.Incremental ? table.ReadRange(run.Window) : run.Window;
        var range = CursorRange.Of(source, cursor.Column, read, instant => LocalCursor.ToLocal(instant, zone));
        await range.RefuseNullsAsync(connection, cancellation);
        return range;
    }

    private async Task<IReadOnlyList<ColumnMapping>> MapAsync(
        Run run, PipelineDefinition pipeline, TableDefinition table, SourceTable source, CancellationToken cancellation)
    {
        var columns = source.Columns.Select(column => new SourceColumn(column.Name, column.Type, column.Nullable, column.Number)).ToList();
        var fieldIds = await tableColumns.ResolveAsync(run.Pipeline, run.Table, source.Relation, columns, cancellation);
        var masks = table.Sensitive.ToDictionary(sensitive => sensitive.Column, sensitive => MaskOf(sensitive.Mask));
        var key = masks.ContainsValue(ColumnMask.Hash) && pipeline.MaskKey is { } reference ? secrets.Resolve(reference) : null;
        return [.. source.Columns.Select((column, i) => ColumnMapping.Of(column, fieldIds[i], masks.GetValueOrDefault(column.Name), key))];
    }

    private async Task ReadChunksAsync(SourceSnapshot snapshot, ChunkWork work, int chunks, CancellationToken cancellation)
    {
        // The first error stops the other connections.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var joined = new List<SourceConnection>();
        try
        {
            while (joined.Count < chunks - 1 && await snapshot.TryJoinAsync(stop.Token) is { } connection)
            {
                joined.Add(connection);
            }

            var writers = joined.Count + 1;
            var readers = joined.Select(connection => connection.Connection).Prepend(snapshot.Owner)
                .Select(connection => Task.Run(() => ReadQueueAsync(connection, work, writers, stop), CancellationToken.None)).ToArray();
            await WhenAllFirstErrorAsync(readers);
        }
        finally
        {
            foreach (var connection in joined)
            {
                await connection.DisposeAsync();
            }
        }
    }

    private async Task ReadQueueAsync(NpgsqlConnection connection, ChunkWork work, int writers, CancellationTokenSource stop)
    {
        try
        {
            while (work.Queue.TryDequeue(out var chunk))
            {
                await ReadChunkAsync(connection, work, chunk, writers, stop.Token);
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    private async Task ReadChunkAsync(NpgsqlConnection connection, ChunkWork work, Chunk chunk, int writers, CancellationToken cancellation)
    {
        var query = $"SELECT {string.Join(", ", work.Mappings.Select(mapping => mapping.Select))} FROM {work.Table.ToSql()} WHERE {chunk.Predicate}";
        var writing = new ParquetWriterOptions { RowGroupBytes = Math.Clamp(options.Value.MemoryBudget / 4 / writers, 1 << 20, 64 << 20) };
        await using var copy = await CopyReader.StartAsync(connection, query, work.Table.ToString(), work.Names, cancellation);
        RawFile? file = null;
        try
        {
            while (true)
            {
                file ??= new RawFile(lake, work.NextFile(), work.Schema, work.Mappings, writing);
                var rows = await copy.ReadBatchAsync(file.Decoders, cancellation);
                if (rows == 0)
                {
                    break;
                }

                await file.EndBatchAsync(rows, cancellation);
                work.OnRows(rows);
                Failpoint.Pass("extractor.rows-read");
                if (file.Size >= options.Value.FileBytes)
                {
                    await PublishAsync(work, file, cancellation);
                    file = null;
                }
            }

            if (file is { IsEmpty: false })
            {
                await PublishAsync(work, file, cancellation);
                file = null;
            }
        }
        finally
        {
            if (file is not null)
            {
                await file.DisposeAsync();
            }
        }
    }

    private static async Task PublishAsync(ChunkWork work, RawFile file, CancellationToken cancellation)
    {
        await using (file)
        {
            work.Files.Add(await file.PublishAsync(work.Run, cancellation));
        }

        Failpoint.Pass("extractor.file-published");
    }

    private static async Task WhenAllFirstErrorAsync(Task[] tasks)
    {
        try
        {
            await Task.WhenAll(tasks);
        }
        catch
        {
            // The others were stopped by the first error, which is the one that says what went wrong.
            var errors = tasks.Where(task => task.IsFaulted).Select(task => task.Exception!.InnerException!).ToList();
            if ((errors.Find(error => error is not OperationCanceledException) ?? errors.FirstOrDefault()) is { } first)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
            }

            throw;
        }
    }

    private static ChunkRule RuleOf(ChunkingDefinition chunks) => chunks switch
    {
        ChunkingDefinition.Count count => new ChunkRule.Count(count.Chunks),
        ChunkingDefinition.Bounds bounds => new ChunkRule.Bounds(bounds.Column, bounds.Lower, bounds.Upper, bounds.Chunks),
        _ => new ChunkRule.Automatic(),
    };

    private static ColumnMask MaskOf(Mask mask) => mask switch
    {
        Mask.Hash => ColumnMask.Hash,
        Mask.Redact => ColumnMask.Redact,
        _ => ColumnMask.Null,
    };
}
