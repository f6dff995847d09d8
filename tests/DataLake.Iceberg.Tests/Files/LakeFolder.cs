using System.Collections.Concurrent;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Writing;
using DataLake.Testing;

namespace DataLake.Iceberg.Tests.Files;

/// <summary>Data and delete files in a folder of their own, and what was opened of them.</summary>
internal sealed class LakeFolder : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private int files;

    /// <summary>Locations in the order in which they were opened.</summary>
    public ConcurrentQueue<string> Opened { get; } = new();

    public string Location => new Uri(folder.Path).AbsoluteUri;

    public static string PathOf(string location) => new Uri(location).LocalPath;

    public ValueTask<Stream> Open(string location, CancellationToken cancellation)
    {
        Opened.Enqueue(location);
        return ValueTask.FromResult<Stream>(new FileStream(PathOf(location), FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous));
    }

    public string NextLocation() => new Uri(Path.Combine(folder.Path, $"{++files:D5}.parquet")).AbsoluteUri;

    /// <summary>Small pages and row groups, so that a few hundred rows have several of both.</summary>
    public static ParquetWriterOptions Small { get; } = new() { PageBytes = 1024, RowGroupRows = 100, DictionaryLimitBytes = 2048 };

    public async Task<DataFile> WriteAsync(Schema schema, IEnumerable<IcebergValue[]> rows, ParquetWriterOptions? options = null)
    {
        var location = NextLocation();
        await using var output = File.Create(PathOf(location));
        await using var writer = new ParquetFileWriter(output, ParquetTypes.ToParquet(schema), options ?? Small);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++) ParquetValues.Append(writer[i], row[i]);
            await writer.EndBatchAsync(default);
        }

        var summary = await writer.CompleteAsync(default);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
    }

    public async Task<DataFile> WriteDeletesAsync(Func<Stream, string, Task<DataFile>> write)
    {
        var location = NextLocation();
        await using var output = File.Create(PathOf(location));
        return await write(output, location);
    }

    public async Task<List<IcebergValue[]>> ReadAsync(Schema schema, IEnumerable<FileRows> files, int batchRows = 128)
    {
        var found = new List<IcebergValue[]>();
        await foreach (var batch in new RowReader(Open, schema, batchRows).ReadAsync(files))
            foreach (var row in batch.Live) found.Add([.. batch.Columns.Select(column => column[row])]);
        return found;
    }

    public void Dispose() => folder.Dispose();
}
