using DataLake.Iceberg;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Ledger.Model;
using DataLake.Parquet;
using DataLake.Parquet.Reading;
using DataLake.Storage;

namespace DataLake.CatalogUpdater.Tables;

/// <summary>The files of runs as a table lists them: schema and metrics out of their footers, which must say what the receipt says.</summary>
public sealed class RunFiles(TableFiles files)
{
    private const int AtOnce = 4;

    /// <summary>Reads the footers of a run's files.</summary>
    /// <returns>The data files, in the order of the run's, and the schema that all of them have; null where there are no files.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Corrupt"/> and <see cref="IcebergErrorKind.NotFound"/>: a file is not what its receipt says, or is not there.</exception>
    public async Task<(IReadOnlyList<DataFile> Files, Schema? Schema)> ReadAsync(IReadOnlyList<RunFile> run, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        var read = new (DataFile File, Schema Schema)[run.Count];
        await Parallel.ForAsync(0, run.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellation },
            async (number, stop) => read[number] = await ReadAsync(run[number], stop));
        foreach (var (file, schema) in read)
            if (!schema.IsSameAs(read[0].Schema))
                throw new IcebergException(IcebergErrorKind.Corrupt, $"The files '{read[0].File.FilePath}' and '{file.FilePath}' of one run have different columns. Read the run again.");
        return ([.. read.Select(one => one.File)], read.Length == 0 ? null : read[0].Schema);
    }

    private async Task<(DataFile File, Schema Schema)> ReadAsync(RunFile file, CancellationToken cancellation)
    {
        var location = files.LocationOf(file.Path);
        try
        {
            var stream = files.OpenRead(location);
            var bytes = stream.Length;
            await using var reader = await ParquetFileReader.OpenAsync(stream, leaveOpen: false, options: null, cancellation);
            if (bytes != file.Bytes || reader.Metadata.RowCount != file.Rows)
                throw new IcebergException(IcebergErrorKind.Corrupt,
                    $"The file '{file.Path}' has {reader.Metadata.RowCount:N0} rows and {bytes:N0} bytes, and {file.Rows:N0} and {file.Bytes:N0} by its receipt. Somebody changed it; it is read again from the source.");
            return (ParquetDataFile.Of(location, bytes, reader.Metadata), ParquetTypes.ToIceberg(reader.Metadata.Schema));
        }
        catch (ParquetException error)
        {
            throw new IcebergException(IcebergErrorKind.Corrupt, $"The file '{file.Path}' cannot be read: {error.Message} It is read again from the source.", error);
        }
    }
}
