using DataLake.Ledger.Model;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Types;
using DataLake.Storage;

namespace DataLake.Extractor.Files;

/// <summary>One RAW file on its way: staged, filled, checked, and only then published under its name.</summary>
internal sealed class RawFile : IAsyncDisposable
{
    private readonly StagedFile staged;
    private readonly HashingStream hashing;
    private readonly ParquetFileWriter writer;
    private readonly int number;
    private long rows;

    public RawFile(LakeDirectory lake, (int Number, string Path) name, ParquetSchema schema, IReadOnlyList<ColumnMapping> mappings, ParquetWriterOptions options)
    {
        number = name.Number;
        staged = lake.Create(name.Path);
        hashing = new HashingStream(staged.Stream);
        writer = new ParquetFileWriter(hashing, schema, options);
        Decoders = [.. mappings.Select((mapping, i) => mapping.Bind(writer[i]))];
    }

    /// <summary>One decoder per column; each row goes once through all of them.</summary>
    public ColumnDecoder[] Decoders { get; }

    /// <summary>Bytes of the file so far, those that wait in memory included.</summary>
    public long Size => writer.BytesWritten + writer.BufferedBytes;

    public bool IsEmpty => rows == 0;

    public async ValueTask EndBatchAsync(int batchRows, CancellationToken cancellation)
    {
        rows += batchRows;
        await writer.EndBatchAsync(cancellation);
    }

    /// <summary>Writes the footer, checks what was written, and puts it on disk under its name.</summary>
    /// <returns>The file with its receipt.</returns>
    public async Task<RunFile> PublishAsync(Run run, CancellationToken cancellation)
    {
        await writer.CompleteAsync(cancellation);
        await VerifyFooterAsync(cancellation);
        await staged.PublishAsync(cancellation);
        return new RunFile
        {
            RunId = run.Id,
            Attempt = run.Attempt,
            Number = number,
            Path = staged.LakePath,
            Rows = rows,
            Bytes = hashing.BytesWritten,
            Sha256 = hashing.HashHex(),
        };
    }

    public async ValueTask DisposeAsync()
    {
        await writer.DisposeAsync();
        await hashing.DisposeAsync();
        await staged.DisposeAsync();
    }

    private async Task VerifyFooterAsync(CancellationToken cancellation)
    {
        await using var reader = await ParquetFileReader.OpenAsync(staged.OpenWritten(), cancellationToken: cancellation);
        if (reader.Metadata.RowCount != rows)
        {
            throw new InvalidOperationException(
                $"The footer of {staged.LakePath} says {reader.Metadata.RowCount:N0} rows, but the source sent {rows:N0}. The file is thrown away and the window read again.");
        }
    }
}
