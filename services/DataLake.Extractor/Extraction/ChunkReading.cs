using System.Diagnostics;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Failpoints;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Plans;
using DataLake.Postgres.Tables;
using DataLake.Storage;

namespace DataLake.Extractor.Extraction;

/// <summary>
/// Reads the chunks of one snapshot into published RAW files, over the snapshot's own connection and as many others as are free. A connection that is done with a chunk takes the
/// next. One that is lost costs its chunk only, as long as another is inside the snapshot. An object reads one run, within its share of memory and at the pace that the source's governor sets.
/// </summary>
internal sealed partial class ChunkReading(
    LakeDirectory lake, ExtractorOptions options, LargeRows largeRows, MemoryShare memory, ReadPace pace, TimeProvider time, ILogger logger)
{
    private const int MostReads = 3;
    private const int Nobody = -1;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    // The reader that goes on while the pace is slow.
    private int readsOn;

    private int writers;

    /// <summary>Reads all chunks. The first error that reading again cannot mend stops every connection.</summary>
    /// <param name="snapshot">The instant.</param>
    /// <param name="work">The chunks.</param>
    /// <param name="isLast">Whether nothing else is read at this instant: each connection leaves as soon as all chunks are read, and the source is free of it while the last files are checked and published. Else they stay.</param>
    /// <param name="cancellation">Stops the reading.</param>
    public async Task ReadAsync(SourceSnapshot snapshot, ChunkWork work, bool isLast, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        foreach (var connection in snapshot.Inside.Where(connection => connection != snapshot.Owner))
        {
            await HoldAsync(snapshot, connection, work, stop.Token); // It joined for another table.
        }

        memory.Fit(FileForm.UsefulMemory(work.Mappings.Count, Math.Min(work.Chunks, pace.Connections.MaxConnections), work.Bytes));
        var most = Math.Min(work.Chunks, FileForm.MostWriters(work.Mappings.Count, memory.Bytes));
        for (var joins = true; joins && snapshot.Inside.Count < most && pace.Pace == Pace.Full;)
        {
            joins = await TryJoinAsync(snapshot, work, stop.Token) is not null;
        }

        var readers = snapshot.Inside.Take(most).ToList();
        if (readers.Count == 0)
        {
            throw Lost(work);
        }

        writers = readers.Count;
        var left = isLast ? snapshot.Inside.Except(readers).Select(snapshot.LeaveAsync) : [];
        await WhenAllFirstErrorAsync([.. left, .. readers.Select((connection, reader) => ReadChunksAsync(reader, connection, snapshot, work, isLast, stop))]);
        if (!work.IsDone)
        {
            throw Lost(work);
        }
    }

    private async Task ReadChunksAsync(int reader, SourceConnection first, SourceSnapshot snapshot, ChunkWork work, bool isLast, CancellationTokenSource stop)
    {
        var publisher = new FilePublisher(stop.Cancel);
        try
        {
            for (var connection = first; connection is not null;)
            {
                ChunkRead? read = null;
                try
                {
                    var turn = pace.Of(connection, () => ReadsOn(reader));
                    while (await turn.MayStartAsync(() => work.IsDone, stop.Token) && (read = await work.TakeAsync(stop.Token)) is not null)
                    {
                        var (chunk, query) = (read, ChunkQuery.Of(work.Source.Name, work.Mappings, read.Chunk));
                        await CopyReader.CopyAsync(connection, query, work.Source.Name.ToString(), work.Names, copy => work.Processor.Count(() => ReadChunk(copy, turn, work, chunk, publisher, stop.Token)), stop.Token, largeRows);
                        publisher.Then(() => work.Keep(chunk));
                        work.EndRead();
                        read = null;
                    }

                    if (isLast)
                    {
                        await snapshot.LeaveAsync(connection);
                    }

                    await publisher.WaitAsync();
                    return;
                }
                catch (SourceException error) when (error is { CanRetry: true, Kind: not SourceErrorKind.Busy })
                {
                    // Whatever the server said, its transaction has ended, and with it its place in the snapshot.
                    if (await snapshot.LeaveAsync(connection) == 0 || read?.Time == MostReads)
                    {
                        throw;
                    }

                    await publisher.WaitAsync();
                    if (read is not null)
                    {
                        await ForgetAsync(work, read, error, stop.Token);
                    }

                    connection = await TryJoinAsync(snapshot, work, stop.Token);
                    if (read is not null)
                    {
                        work.ReadAgain(read);
                    }
                }
            }

            // Another goes on in its place while the pace is slow.
            Interlocked.CompareExchange(ref readsOn, Nobody, reader);
        }
        catch
        {
            await stop.CancelAsync();
            await EndAsync(publisher);
            throw;
        }
    }

    /// <summary>Waits until nothing is published any more, and throws what went wrong there: everything else may have ended for that.</summary>
    private static async Task EndAsync(FilePublisher publisher)
    {
        try
        {
            await publisher.WaitAsync();
        }
        catch (OperationCanceledException)
        {
            // It was stopped too.
        }
    }

    private bool ReadsOn(int reader) => Interlocked.CompareExchange(ref readsOn, reader, Nobody) is var before && (before == reader || before == Nobody);

    /// <summary>Throws away what there is of a chunk, and gives the server a pause.</summary>
    private async Task ForgetAsync(ChunkWork work, ChunkRead read, SourceException error, CancellationToken cancellation)
    {
        work.Forget(read);
        var names = read.Files.Select(file => Path.GetFileName(file.Path)).ToHashSet();
        lake.Clean(work.Folder, file => !names.Contains(file));
        var pause = FirstPause * (1 << (read.Time - 1));
        ReadAgain(work.Source.Name.ToString(), read.Chunk.Number, pause, error.Message);
        await Task.Delay(pause, time, cancellation);
    }

    /// <summary>One more connection inside the snapshot, or null where there is none to be had: those that are inside do without it.</summary>
    private async Task<SourceConnection?> TryJoinAsync(SourceSnapshot snapshot, ChunkWork work, CancellationToken cancellation)
    {
        try
        {
            var connection = await snapshot.TryJoinAsync(cancellation);
            return connection is not null && await HoldAsync(snapshot, connection, work, cancellation) ? connection : null;
        }
        catch (SourceException error) when (error.CanRetry)
        {
            CannotJoin(work.Source.Name.ToString(), error.Message);
            return null;
        }
    }

    /// <summary>Makes a connection hold the table itself, or leave.</summary>
    /// <returns>Whether it holds it.</returns>
    private async Task<bool> HoldAsync(SourceSnapshot snapshot, SourceConnection connection, ChunkWork work, CancellationToken cancellation)
    {
        try
        {
            await TableInspector.HoldAsync(connection, work.Source, cancellation);
            return true;
        }
        catch (SourceException error) when (error.CanRetry)
        {
            CannotJoin(work.Source.Name.ToString(), error.Message);
            await snapshot.LeaveAsync(connection);
            return false;
        }
    }

    /// <summary>Reads one chunk, on the connection's own thread, into as many files as it fills.</summary>
    private void ReadChunk(CopyReader copy, ConnectionPace turn, ChunkWork work, ChunkRead read, FilePublisher publisher, CancellationToken cancellation)
    {
        RawFile? file = null;
        try
        {
            while (true)
            {
                if (file is null)
                {
                    var writing = Writing(work);
                    var ahead = FileForm.ReadAhead(writing.RowGroupBytes);
                    file = new RawFile(lake, work.NextFile(), work.Schema, work.Mappings, writing, largeRows, work.Processor, () => copy.TakeAhead(ahead), options.ReadsBack);
                }

                ReadBackMeanwhile(copy, file);
                var rows = copy.ReadBatch(file.Decoder);
                if (rows == 0)
                {
                    break;
                }

                file.EndBatch(rows, copy.LargeRow, work.RowsToCome(read) - rows, cancellation);
                copy.ReleaseLargeRow(); // Before the next wait, which may be for the governor.
                work.Count(read, rows);
                turn.Pass(cancellation);
                Failpoint.Pass("extractor.rows-read");
                if (file.IsFull(work.Form.Size))
                {
                    Publish(work, read, ref file, publisher, cancellation);
                    // There may be more to come than was thought, and more memory to be had than before.
                    memory.Fit(FileForm.UsefulMemory(work.Mappings.Count, writers, null));
                }
            }

            if (!file.IsEmpty)
            {
                Publish(work, read, ref file, publisher, cancellation);
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>Reads back what was written, while the source has not sent much: for no longer than is waited for it anyway, because it may have nothing more to send.</summary>
    private static void ReadBackMeanwhile(CopyReader copy, RawFile file)
    {
        if (copy.IsDry)
        {
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < Moment && file.ReadBackSome();)
            {
                // Rows arrive.
            }
        }
    }

    /// <summary>How the next file is written. Files that are open already go by what there was of memory when they began: no share becomes smaller while it is read into.</summary>
    private ParquetWriterOptions Writing(ChunkWork work) => FileForm.OptionsOf(work.Form, options, work.Mappings.Count, memory.Bytes / writers) with { KeyValueMetadata = work.Notes };

    private static void Publish(ChunkWork work, ChunkRead read, ref RawFile? file, FilePublisher publisher, CancellationToken cancellation)
    {
        file!.Complete(cancellation);
        publisher.Wait();
        var complete = file;
        file = null;
        publisher.Publish(() => work.Processor.Count(() =>
        {
            using (complete)
            {
                read.Files.Add(complete.Publish(work.Run, cancellation));
            }

            Failpoint.Pass("extractor.file-published");
        }));
        if (work.Mappings.Count >= ReadBack.ManyColumns)
        {
            publisher.Wait(); // What the next file's reading back takes would come on top of this one's.
        }
    }

    private static SourceException Lost(ChunkWork work) => new(SourceErrorKind.Unreachable,
        $"The source's server ended every connection of the snapshot while reading {work.Source.Name}. The run is tried again; if this repeats, look into the server's log.");

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

    [LoggerMessage(LogLevel.Warning, "{Table}: chunk {Chunk} broke off and is read again after {Pause}: {Problem}")]
    private partial void ReadAgain(string table, int chunk, TimeSpan pause, string problem);

    [LoggerMessage(LogLevel.Warning, "{Table} is read with one connection less: {Problem}")]
    private partial void CannotJoin(string table, string problem);
}
