using DataLake.Ledger.Model;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Files;

/// <summary>
/// One RAW file on its way: staged, filled, checked, and only then published under its name. It is used on the thread that reads the source, which is its own and may wait for
/// the disk.
/// </summary>
internal sealed class RawFile : IDisposable
{
    private readonly StagedFile staged;
    private readonly HashingStream hashing;
    private readonly ParquetFileWriter writer;
    private readonly ReadBack readBack;
    private readonly int number;
    private long rows;

    public RawFile(LakeDirectory lake, (int Number, string Path) name, ParquetSchema schema, IReadOnlyList<ColumnMapping> mappings, ParquetWriterOptions options)
    {
        number = name.Number;
        staged = lake.Create(name.Path);
        hashing = new HashingStream(staged.Stream);
        writer = new ParquetFileWriter(hashing, schema, options);
        readBack = new ReadBack(staged, mappings);
        Decoder = new RowDecoder(mappings, writer.Columns);
    }

    /// <summary>Takes the rows in.</summary>
    public RowDecoder Decoder { get; }

    /// <summary>Bytes of the file so far, those that wait in memory included.</summary>
    public long Size => writer.BytesWritten + writer.BufferedBytes;

    public bool IsEmpty => rows == 0;

    public void EndBatch(int batchRows, CancellationToken cancellation)
    {
        rows += batchRows;
        Wait(writer.EndBatchAsync(cancellation));
        readBack.Follow(writer);
    }

    /// <summary>Writes the footer, checks what was written, and puts it on disk under its name.</summary>
    /// <returns>The file with its receipt.</returns>
    public RunFile Publish(Run run, CancellationToken cancellation)
    {
        Wait(new ValueTask(writer.CompleteAsync(cancellation)));
        Wait(new ValueTask(readBack.CheckAsync(writer, rows, Decoder.Content, cancellation)));
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
        readBack.Dispose();
        Wait(writer.DisposeAsync());
        hashing.Dispose();
        Wait(staged.DisposeAsync());
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
