using System.Collections.Concurrent;
using DataLake.Contracts;
using DataLake.Parquet;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Files;

/// <summary>
/// Reads a file back while it is written, one row group after another, and holds its rows against what the source sent. Where the thread that fills the file has to wait for the source,
/// it reads back meanwhile: another thread would only be in the way of both on a small machine. Where it never waits, or falls behind, another thread does it, after whatever is more urgent
/// (<see cref="BackgroundThread"/>). At the end the footer must lead to the very same bytes.
/// </summary>
internal sealed class ReadBack(StagedFile staged, IReadOnlyList<ColumnMapping> mappings, ProcessorTime processor) : IDisposable
{
    /// <summary>Reading back takes about 30 KiB a column, and each row group leaves that to the collector, which may take its time. From so many columns on that counts.</summary>
    public const int ManyColumns = 400;

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private BlockingCollection<(ParquetFileMetadata Written, int RowGroup)> unread = [];

    // What the filling thread has begun to read. Another one takes it over.
    private WrittenRowGroup? begun;

    // Whether the filling thread had to wait since the last row group was written.
    private bool wasAsked;

    // Whether the filling thread does not get to it. Then it is another's, one to the end of the file: two that read take twice the memory, and each leaves pooled arrays behind.
    private bool isBehind;

    private Task? background;
    private Task flushing = Task.CompletedTask;
    private ContentHash content;
    private int rowGroups;
    private bool isDisposed;

    /// <summary>Takes note of row groups that were written since the last call, to be read, and lets them be put on disk.</summary>
    public void Follow(ParquetFileWriter writer)
    {
        if (!Add(writer))
        {
            return;
        }

        Flush();
        isBehind |= !wasAsked || begun is not null || unread.Count > 1;
        wasAsked = false;
        if (isBehind)
        {
            background ??= BackgroundThread.TryRun(() => processor.Count(ReadUnread)); // Else it is the caller's, in the end.
        }
    }

    /// <summary>Reads some rows, for a fraction of a millisecond. For the thread that fills the file, when it would wait otherwise.</summary>
    /// <returns>Whether there were any to read.</returns>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Damaged"/>: a row group cannot be read.</exception>
    public bool ReadSome()
    {
        wasAsked = mappings.Count < ManyColumns;
        if (!wasAsked || isBehind)
        {
            return false;
        }

        try
        {
            begun ??= unread.TryTake(out var next) ? Open(next) : null;
            if (begun is null)
            {
                return false;
            }

            if (!begun.Read(stop.Token))
            {
                End(begun);
                begun = null;
            }

            return true;
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
        }
    }

    /// <summary>Reads all that was written and is not read yet. The caller lends a hand, because it has nothing else to do.</summary>
    /// <param name="writer">The writer.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Damaged"/>: a row group cannot be read.</exception>
    public void CatchUp(ParquetFileWriter writer, CancellationToken cancellation)
    {
        using var stopping = cancellation.Register(stop.Cancel);
        Add(writer);
        unread.CompleteAdding();
        try
        {
            ReadUnread();
            background?.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            throw;
        }

        unread.Dispose();
        (unread, background) = ([], null);
    }

    /// <summary>Reads the last row groups, and checks the footer.</summary>
    /// <param name="writer">The writer, which is complete.</param>
    /// <param name="rows">How many rows the source sent.</param>
    /// <param name="sent">Their hash.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Damaged"/>: the file does not hold these rows.</exception>
    public void Check(ParquetFileWriter writer, long rows, ContentHash sent, CancellationToken cancellation)
    {
        Flush(); // What is not on disk yet goes there while it is checked.
        try
        {
            CatchUp(writer, cancellation);
        }
        finally
        {
            flushing.GetAwaiter().GetResult();
        }

        if (content != sent)
        {
            throw Damaged($"holds other rows than the source sent: content {content}, not {sent}");
        }

        if (!HasFooterAsync(writer, rows).GetAwaiter().GetResult())
        {
            throw Damaged("has a footer that is not the one that was written");
        }
    }

    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        isDisposed = true;
        stop.Cancel();
        Task.WhenAll(background ?? Task.CompletedTask, flushing).ContinueWith(task => task.Exception, TaskScheduler.Default).Wait(); // What they found is of no use any more.
        begun?.Dispose();
        unread.Dispose();
        stop.Dispose();
    }

    private static bool HasSamePlaces(IReadOnlyList<RowGroupMetadata> read, IReadOnlyList<RowGroupMetadata> written)
    {
        var isSame = read.Count == written.Count;
        for (var group = 0; isSame && group < read.Count; group++)
        {
            var (found, meant) = (read[group].Columns, written[group].Columns);
            isSame = found.Count == meant.Count;
            for (var column = 0; isSame && column < found.Count; column++)
            {
                isSame = IsSamePlace(found[column], meant[column]);
            }
        }

        return isSame;
    }

    private static bool IsSamePlace(ColumnChunkMetadata read, ColumnChunkMetadata written) =>
        (read.DictionaryPageOffset ?? read.DataPageOffset) == (written.DictionaryPageOffset ?? written.DataPageOffset)
        && read.TotalCompressedSize == written.TotalCompressedSize && read.ValueCount == written.ValueCount && read.Codec == written.Codec;

    private bool Add(ParquetFileWriter writer)
    {
        if (writer.RowGroupsWritten == rowGroups)
        {
            return false;
        }

        var written = writer.WrittenMetadata;
        for (; rowGroups < written.RowGroups.Count; rowGroups++)
        {
            unread.Add((written, rowGroups));
        }

        return true;
    }

    private void Flush()
    {
        if (flushing.IsCompletedSuccessfully)
        {
            flushing = Task.Factory.StartNew(staged.Flush, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    private void ReadUnread()
    {
        try
        {
            if (Interlocked.Exchange(ref begun, null) is { } other)
            {
                ReadToEnd(other);
            }

            foreach (var next in unread.GetConsumingEnumerable(stop.Token))
            {
                ReadToEnd(Open(next));
            }
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
        }
    }

    private void ReadToEnd(WrittenRowGroup rowGroup)
    {
        using (rowGroup)
        {
            while (rowGroup.Read(stop.Token))
            {
                // The next rows.
            }

            End(rowGroup);
        }

        if (mappings.Count >= ManyColumns)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }
    }

    private WrittenRowGroup Open((ParquetFileMetadata Written, int RowGroup) next) => new(staged.OpenWritten(), next.Written, next.RowGroup, mappings);

    private void End(WrittenRowGroup read)
    {
        read.Dispose();
        lock (gate)
        {
            content += read.Content;
        }
    }

    private async Task<bool> HasFooterAsync(ParquetFileWriter writer, long rows)
    {
        try
        {
            await using var reader = await ParquetFileReader.OpenAsync(staged.OpenWritten());
            return reader.Metadata.RowCount == rows && HasSamePlaces(reader.Metadata.RowGroups, writer.WrittenMetadata.RowGroups);
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
        }
    }

    private StorageException Unreadable(ParquetException error) => Damaged($"cannot be read back: {error.Message}", error);

    private StorageException Damaged(string problem, Exception? cause = null) => new(StorageErrorKind.Damaged,
        $"The file '{staged.LakePath}' {problem}. It is thrown away and its rows are read again. Where this repeats, check the disk and memory of this machine, and report it with the table's columns.", cause);

    /// <summary>A row group that is being read.</summary>
    private sealed class WrittenRowGroup : IDisposable
    {
        private readonly ParquetFileReader file;
        private readonly WrittenRows rows;

        public WrittenRowGroup(Stream staged, ParquetFileMetadata written, int rowGroup, IReadOnlyList<ColumnMapping> mappings)
        {
            file = ParquetFileReader.OfUnfinished(staged, written);
            try
            {
                rows = new WrittenRows(file, rowGroup, mappings);
            }
            catch
            {
                Close();
                throw;
            }
        }

        public ContentHash Content => rows.Content;

        /// <inheritdoc cref="WrittenRows.ReadAsync"/>
        public bool Read(CancellationToken cancellation) => rows.ReadAsync(cancellation).AsTask().GetAwaiter().GetResult(); // What is staged is read with calls that block.

        public void Dispose()
        {
            rows.Dispose();
            Close();
        }

        private void Close() => file.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }
}
