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
    private const long LongLivedBytes = 8 << 20;

    // Row groups that end before they are full hold as much: in smaller ones, dictionaries would take more time and room than is gained.
    private const long LeastEarlyRowGroup = 4 << 20;

    // Whether a long-lived file was filled, and its buffers are still there.
    private static bool leavesBuffers;

    private readonly StagedFile staged;
    private readonly HashingStream hashing;
    private readonly ParquetFileWriter writer;
    private readonly ReadBack? readBack;
    private readonly LargeRows largeRows;
    private readonly int number;
    private long rows;
    private long rowsInGroups;

    public RawFile(
        LakeDirectory lake, (int Number, string Path) name, ParquetSchema schema, IReadOnlyList<ColumnMapping> mappings, ParquetWriterOptions options, LargeRows largeRows,
        ProcessorTime processor, Action onWritten, bool readsBack = true)
    {
        if (Interlocked.Exchange(ref leavesBuffers, false))
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        }

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
    /// <param name="toCome">About how many rows come after them; null where nobody knows.</param>
    /// <param name="cancellation">Stops the writing.</param>
    public void EndBatch(int batchRows, int largeRow, double? toCome, CancellationToken cancellation)
    {
        rows += batchRows;
        var rowGroups = writer.RowGroupsWritten;
        Wait(largeRow > 0 || EndsSoon(toCome) ? writer.EndRowGroupAsync(cancellation) : writer.EndBatchAsync(cancellation));
        if (writer.RowGroupsWritten > rowGroups)
        {
            rowsInGroups = rows;
        }

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

    /// <inheritdoc cref="ReadBack.ReadSome"/>
    public bool ReadBackSome() => readBack is not null && readBack.ReadSome();

    /// <summary>Writes the last rows and the footer. Nothing comes after it, and no row is held in memory.</summary>
    public void Complete(CancellationToken cancellation)
    {
        Wait(new ValueTask(writer.CompleteAsync(cancellation)));
        if (hashing.BytesWritten >= LongLivedBytes)
        {
            Volatile.Write(ref leavesBuffers, true);
        }
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
    }

    /// <summary>
    /// Whether fewer rows are to come than wait in memory. After several full row groups they are written then, and half of the rest next, and so on: what is done with the last row
    /// group is all done after the source's last row, when nothing else is left to do.
    /// </summary>
    private bool EndsSoon(double? toCome) => toCome > 0 && toCome < rows - rowsInGroups && writer.RowGroupsWritten > 1 && writer.BufferedBytes >= LeastEarlyRowGroup;

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
