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
/// Reads a file back while it is written, one row group after another beside the thread that fills it, and holds its rows against what the source sent. At the end the
/// footer must lead to the very same bytes.
/// </summary>
internal sealed class ReadBack(StagedFile staged, IReadOnlyList<ColumnMapping> mappings, ProcessorTime processor) : IDisposable
{
    /// <summary>Reading back takes about 30 KiB a column, and each row group leaves that to the collector, which may take its time. From so many columns on that counts.</summary>
    public const int ManyColumns = 400;

    private readonly CancellationTokenSource stop = new();
    private readonly Lock gate = new();
    private BlockingCollection<(ParquetFileMetadata Written, int RowGroup)> unread = [];
    private Task? background;
    private ContentHash content;
    private int rowGroups;
    private bool isDisposed;

    /// <summary>Lets the row groups that were written since the last call be read and put on disk, beside the caller and after whatever is more urgent (<see cref="BackgroundThread"/>).</summary>
    public void Follow(ParquetFileWriter writer)
    {
        Add(writer);
        if (unread.Count > 0)
        {
            background ??= BackgroundThread.TryRun(() => processor.Count(() => ReadUnread(staged.Flush))); // Else it is the caller's, in the end.
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
            ReadUnread(then: null);
            background?.GetAwaiter().GetResult();
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
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
        // Of a large file some is not on disk yet: it goes there while it is checked.
        var flushing = background is null ? Task.CompletedTask : Task.Run(staged.Flush, CancellationToken.None);
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
        background?.ContinueWith(task => task.Exception, TaskScheduler.Default).Wait(); // What it found is of no use any more.
        unread.Dispose();
        stop.Dispose();
    }

    private static IEnumerable<(long, long, long, object)> Places(RowGroupMetadata rowGroup) =>
        rowGroup.Columns.Select(chunk => (chunk.DictionaryPageOffset ?? chunk.DataPageOffset, chunk.TotalCompressedSize, chunk.ValueCount, (object)chunk.Codec));

    private void Add(ParquetFileWriter writer)
    {
        if (writer.RowGroupsWritten == rowGroups)
        {
            return;
        }

        var written = writer.WrittenMetadata;
        for (; rowGroups < written.RowGroups.Count; rowGroups++)
        {
            unread.Add((written, rowGroups));
        }
    }

    private void ReadUnread(Action? then)
    {
        foreach (var (written, rowGroup) in unread.GetConsumingEnumerable(stop.Token))
        {
            // What is staged is read with calls that block: all of it happens on this thread.
            var found = HashAsync(written, rowGroup).GetAwaiter().GetResult();
            lock (gate)
            {
                content += found;
            }

            then?.Invoke();
            if (mappings.Count >= ManyColumns)
            {
                GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
            }
        }
    }

    private async Task<ContentHash> HashAsync(ParquetFileMetadata written, int rowGroup)
    {
        await using var reader = ParquetFileReader.OfUnfinished(staged.OpenWritten(), written);
        return await WrittenRows.HashAsync(reader, rowGroup, mappings, stop.Token);
    }

    private async Task<bool> HasFooterAsync(ParquetFileWriter writer, long rows)
    {
        try
        {
            await using var reader = await ParquetFileReader.OpenAsync(staged.OpenWritten());
            return reader.Metadata.RowCount == rows && reader.Metadata.RowGroups.SelectMany(Places).SequenceEqual(writer.WrittenMetadata.RowGroups.SelectMany(Places));
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
        }
    }

    private StorageException Unreadable(ParquetException error) => Damaged($"cannot be read back: {error.Message}", error);

    private StorageException Damaged(string problem, Exception? cause = null) => new(StorageErrorKind.Damaged,
        $"The file '{staged.LakePath}' {problem}. It is thrown away and its rows are read again. Where this repeats, check the disk and memory of this machine, and report it with the table's columns.", cause);
}
