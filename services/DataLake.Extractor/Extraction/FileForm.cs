using DataLake.Extractor.Files;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Writing;
using DataLake.Pipelines.Definitions;

namespace DataLake.Extractor.Extraction;

/// <summary>What a definition says of files, in the writer's terms and within the memory of a run.</summary>
internal static class FileForm
{
    // A column takes about 50 KiB of each writer, however few rows it holds: pages, dictionaries, and the same once more to read them back.
    private const int MostOpenColumns = 2_000;

    /// <summary>How many writers a run may have at most.</summary>
    /// <param name="columns">The columns of its table.</param>
    public static int MostWriters(int columns) => Math.Max(1, MostOpenColumns / Math.Max(columns, 1));

    /// <param name="files">The definition.</param>
    /// <param name="options">The memory of a run.</param>
    /// <param name="writers">How many writers share it.</param>
    public static ParquetWriterOptions OptionsOf(FilesDefinition files, ExtractorOptions options, int writers)
    {
        var rowGroupBytes = Math.Clamp(options.MemoryBudget / 4 / writers, 1 << 20, 64 << 20);
        // A filter takes its memory for the life of a file, beside the rows: together they get an eighth of what rows get.
        var bloomFilter = new BloomFilterOptions { MaxBytes = Math.Clamp(rowGroupBytes / 8 / Math.Max(files.BloomFilters.Count, 1), 1 << 10, 1 << 20) };
        return new ParquetWriterOptions
        {
            RowGroupBytes = rowGroupBytes,
            // Values are not larger than their rows, except for small ones that a mask makes longer.
            MaxValueBytes = Math.Max(options.LargestRow, new ParquetWriterOptions().MaxValueBytes),
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
