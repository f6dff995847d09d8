using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Writing;
using DataLake.Pipelines.Definitions;

namespace DataLake.Extractor.Extraction;

/// <summary>What a definition says of files, in the writer's terms and within the memory of a run.</summary>
internal static class FileForm
{
    /// <param name="files">The definition.</param>
    /// <param name="memoryBudget">Bytes that all writers of the run may hold.</param>
    /// <param name="writers">How many they are.</param>
    public static ParquetWriterOptions OptionsOf(FilesDefinition files, int memoryBudget, int writers)
    {
        var rowGroupBytes = Math.Clamp(memoryBudget / 4 / writers, 1 << 20, 64 << 20);
        // A filter takes its memory for the life of a file, beside the rows: together they get an eighth of what rows get.
        var bloomFilter = new BloomFilterOptions { MaxBytes = Math.Clamp(rowGroupBytes / 8 / Math.Max(files.BloomFilters.Count, 1), 1 << 10, 1 << 20) };
        return new ParquetWriterOptions
        {
            RowGroupBytes = rowGroupBytes,
            Compression = CodecOf(files.Compression),
            BloomFilters = files.BloomFilters.ToDictionary(column => column, _ => bloomFilter),
        };
    }

    private static CompressionCodec CodecOf(FileCompression compression) => compression switch
    {
        FileCompression.Snappy => CompressionCodec.Snappy,
        FileCompression.Lz4Raw => CompressionCodec.Lz4Raw,
        FileCompression.Gzip => CompressionCodec.Gzip,
        FileCompression.Brotli => CompressionCodec.Brotli,
        _ => CompressionCodec.None,
    };
}
