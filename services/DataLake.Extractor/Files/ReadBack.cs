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
internal sealed class ReadBack(StagedFile staged, IReadOnlyList<ColumnMapping> mappings) : IDisposable
{
    // Reading back takes about 30 KiB a column, and each row group leaves that to the collector, which may take its time.
    private const int ManyColumns = 400;

    private readonly CancellationTokenSource stop = new();
    private Task<ContentHash> content = Task.FromResult(default(ContentHash));
    private int rowGroups;
    private bool isDisposed;

    /// <summary>Starts on the row groups that were written since the last call.</summary>
    public void Follow(ParquetFileWriter writer)
    {
        if (writer.RowGroupsWritten == rowGroups)
        {
            return;
        }

        var written = writer.WrittenMetadata;
        for (; rowGroups < written.RowGroups.Count; rowGroups++)
        {
            var (before, number) = (content, rowGroups);
            content = Task.Run(async () => await before + await HashAsync(written, number));
        }
    }

    /// <summary>Waits until the row groups that it was told of are read.</summary>
    /// <param name="cancellation">Stops the wait.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Damaged"/>: one cannot be read.</exception>
    public async Task CatchUpAsync(CancellationToken cancellation)
    {
        try
        {
            await content.WaitAsync(cancellation);
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
        }
    }

    /// <summary>Waits for the last row group, and checks the footer.</summary>
    /// <param name="writer">The writer, which is complete.</param>
    /// <param name="rows">How many rows the source sent.</param>
    /// <param name="sent">Their hash.</param>
    /// <param name="cancellation">Stops the check.</param>
    /// <exception cref="StorageException"><see cref="StorageErrorKind.Damaged"/>: the file does not hold these rows.</exception>
    public async Task CheckAsync(ParquetFileWriter writer, long rows, ContentHash sent, CancellationToken cancellation)
    {
        Follow(writer);
        try
        {
            var found = await content.WaitAsync(cancellation);
            await using var reader = await ParquetFileReader.OpenAsync(staged.OpenWritten(), cancellationToken: cancellation);
            if (found != sent)
            {
                throw Damaged($"holds other rows than the source sent: content {found}, not {sent}");
            }

            if (reader.Metadata.RowCount != rows || !reader.Metadata.RowGroups.SelectMany(Places).SequenceEqual(writer.WrittenMetadata.RowGroups.SelectMany(Places)))
            {
                throw Damaged("has a footer that is not the one that was written");
            }
        }
        catch (ParquetException error)
        {
            throw Unreadable(error);
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
        content.ContinueWith(task => task.Exception, TaskScheduler.Default).Wait(); // What it found is of no use any more.
        stop.Dispose();
    }

    private static IEnumerable<(long, long, long, object)> Places(RowGroupMetadata rowGroup) =>
        rowGroup.Columns.Select(chunk => (chunk.DictionaryPageOffset ?? chunk.DataPageOffset, chunk.TotalCompressedSize, chunk.ValueCount, (object)chunk.Codec));

    private async Task<ContentHash> HashAsync(ParquetFileMetadata written, int rowGroup)
    {
        await using var reader = ParquetFileReader.OfUnfinished(staged.OpenWritten(), written);
        var found = await WrittenRows.HashAsync(reader, rowGroup, mappings, stop.Token);
        if (mappings.Count >= ManyColumns)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

        return found;
    }

    private StorageException Unreadable(ParquetException error) => Damaged($"cannot be read back: {error.Message}", error);

    private StorageException Damaged(string problem, Exception? cause = null) => new(StorageErrorKind.Damaged,
        $"The file '{staged.LakePath}' {problem}. It is thrown away and its rows are read again. Where this repeats, check the disk and memory of this machine, and report it with the table's columns.", cause);
}
