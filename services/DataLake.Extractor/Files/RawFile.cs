using DataLake.Ledger.Model;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Files;

/// <summary>
/// One RAW file on its way: staged, filled, checked, and only then published under its name. It is filled on the thread that reads the source, and published on another; both may wait for
/// the disk.
/// </summary>
internal sealed class RawFile : IDisposable
{
    // What is known of a column chunk takes about 2 KiB until the file ends, and again while its footer is checked.
    private const int MostColumnChunks = 8 * 1024;

    // A file above it has held buffers for so long that the collector takes them for old, and would let them lie beside those of the next file.
    private const long LongLived = 8 << 20;

    private readonly StagedFile staged;
    private readonly HashingStream hashing;
    private readonly ParquetFileWriter writer;
    private readonly ReadBack? readBack;
    private readonly LargeRows largeRows;
    private readonly int number;
    private long rows;

    public RawFile(
        LakeDirectory lake, (int Number, string Path) name, ParquetSchema schema, IReadOnlyList<ColumnMapping> mappings, ParquetWriterOptions options, LargeRows largeRows,
        ProcessorTime processor, Action onWritten, bool readsBack = true)
    {
        this.largeRows = largeRows;
        number = name.Number;
        staged = lake.Create(name.Path);
        hashing = new HashingStream(staged.Stream, onWritten);
        writer = new ParquetFileWriter(hashing, schema, options);
        readBack = readsBack ? new ReadBack(staged, mappings, processor) : null;
        Decoder = new RowDecoder(mappings, writer.Columns);
    }

    /// <summary>Takes the rows in.</summary>
    public RowDecoder Decoder { get; }

    public bool IsEmpty => rows == 0;

    /// <summary>Whether it is time for another file.</summary>
    /// <param name="size">Bytes that a file may have, those that wait in memory included.</param>
    public bool IsFull(long size) => writer.BytesWritten + writer.BufferedBytes >= size || writer.RowGroupsWritten * writer.Columns.Count >= MostColumnChunks;

    /// <summary>Takes note of rows that <see cref="Decoder"/> took in. A large one is out of memory afterwards: written, and read back.</summary>
    /// <param name="batchRows">How many.</param>
    /// <param name="largeRow">Bytes of the one large row that they are, or 0.</param>
    /// <param name="cancellation">Stops the writing.</param>
    public void EndBatch(int batchRows, int largeRow, CancellationToken cancellation)
    {
        rows += batchRows;
        Wait(largeRow > 0 ? writer.EndRowGroupAsync(cancellation) : writer.EndBatchAsync(cancellation));
        if (largeRow > 0)
        {
            largeRows.Reclaim(largeRow);
            readBack?.CatchUp(writer, cancellation);
        }
        else
        {
            readBack?.Follow(writer);
        }
    }

    /// <summary>Writes the last rows and the footer. Nothing comes after it, and no row is held in memory.</summary>
    public void Complete(CancellationToken cancellation)
    {
        Wait(new ValueTask(writer.CompleteAsync(cancellation)));
        Collect(); // Before the next file is filled, not once this one is published.
    }

    /// <summary>Checks what was written, and puts it on disk under its name.</summary>
    /// <returns>The file with its receipt.</returns>
    public RunFile Publish(Run run, CancellationToken cancellation)
    {
        readBack?.Check(writer, rows, Decoder.Content, cancellation);
        Wait(staged.PublishAsync(cancellation));
        return new RunFile
        {
            RunId = run.Id,
            Attempt = run.Attempt,
            Number = number,
            Path = staged.LakePath,
            Rows = rows,
            Bytes = hashing.BytesWritten,
            ContentHash = Decoder.Content.ToString(),
            Sha256 = hashing.HashHex(),
        };
    }

    public void Dispose()
    {
        readBack?.Dispose();
        Wait(writer.DisposeAsync());
        hashing.Dispose();
        Wait(staged.DisposeAsync());
        Collect();
    }

    private void Collect()
    {
        if (hashing.BytesWritten >= LongLived)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }
    }

    private static void Wait(ValueTask work)
    {
        if (work.IsCompletedSuccessfully)
        {
            work.GetAwaiter().GetResult();
            return;
        }

        work.AsTask().GetAwaiter().GetResult();
    }
}
