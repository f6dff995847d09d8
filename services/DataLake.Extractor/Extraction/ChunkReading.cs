using DataLake.Extractor.Files;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Plans;
using DataLake.ServiceDefaults.Failpoints;
using DataLake.Storage;

namespace DataLake.Extractor.Extraction;

/// <summary>Reads the chunks of one snapshot into published RAW files, over the snapshot's own connection and as many others as are free.</summary>
/// <param name="lake">Where the files go.</param>
/// <param name="options">How much memory and how large files.</param>
/// <param name="pace">What holds the read back while its source is busy; null where nothing does (a benchmark).</param>
internal sealed class ChunkReading(LakeDirectory lake, ExtractorOptions options, ReadPace? pace = null)
{
    /// <summary>Reads all chunks. The first error stops every connection.</summary>
    public async Task ReadAsync(SourceSnapshot snapshot, ChunkWork work, CancellationToken cancellation)
    {
        var chunks = work.Queue.Count;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var joined = new List<SourceConnection>();
        try
        {
            while (joined.Count < chunks - 1 && pace is null or { Pace: Pace.Full } && await snapshot.TryJoinAsync(stop.Token) is { } connection)
            {
                joined.Add(connection);
            }

            var writers = joined.Count + 1;
            var readers = joined.Prepend(snapshot.Owner).Select(connection => ReadQueueAsync(connection, pace?.Of(connection, isFirst: connection == snapshot.Owner), work, writers, stop)).ToArray();
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

    private async Task ReadQueueAsync(SourceConnection connection, ConnectionPace? turn, ChunkWork work, int writers, CancellationTokenSource stop)
    {
        var writing = new ParquetWriterOptions { RowGroupBytes = Math.Clamp(options.MemoryBudget / 4 / writers, 1 << 20, 64 << 20) };
        try
        {
            while ((turn is null || await turn.MayStartAsync(() => work.Queue.IsEmpty, stop.Token)) && work.Queue.TryDequeue(out var chunk))
            {
                var query = ChunkQuery.Of(work.Table, work.Mappings, chunk);
                await CopyReader.CopyAsync(connection, query, work.Table.ToString(), work.Names, copy => ReadChunk(copy, turn, work, writing, stop.Token), stop.Token);
            }
        }
        catch
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>Reads one chunk, on the connection's own thread, into as many files as it fills.</summary>
    private void ReadChunk(CopyReader copy, ConnectionPace? turn, ChunkWork work, ParquetWriterOptions writing, CancellationToken cancellation)
    {
        RawFile? file = null;
        try
        {
            while (true)
            {
                file ??= new RawFile(lake, work.NextFile(), work.Schema, work.Mappings, writing);
                var rows = copy.ReadBatch(file.Decoders);
                if (rows == 0)
                {
                    break;
                }

                file.EndBatch(rows, cancellation);
                work.OnRows(rows);
                turn?.Pass(cancellation);
                Failpoint.Pass("extractor.rows-read");
                if (file.Size >= options.FileBytes)
                {
                    Publish(work, file, cancellation);
                    file = null;
                }
            }

            if (!file.IsEmpty)
            {
                Publish(work, file, cancellation);
                file = null;
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    private static void Publish(ChunkWork work, RawFile file, CancellationToken cancellation)
    {
        using (file)
        {
            work.Files.Add(file.Publish(work.Run, cancellation));
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
}
