using DataLake.Extractor.Files;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Writing;
using DataLake.Pipelines.Definitions;

namespace DataLake.Extractor.Extraction;

/// <summary>What a definition says of files, in the writer's terms and within the memory of a run.</summary>
internal static class FileForm
{
    // What a column takes of each writer, however few rows it holds: pages, dictionaries, and the same once more to read them back.
    private const long ColumnBytes = 48 << 10;

    // A row group takes its size, and open pages, reading back and what is taken ahead of the source about as much again.
    private const int Twice = 2;

    private const long LeastRowGroup = 512 << 10;
    private const long MostRowGroup = 64 << 20;

    // What a source sends in some 30 ms.
    private const long MostAhead = 8 << 20;

    /// <summary>The memory that one writer cannot do without.</summary>
    /// <param name="columns">The columns of its table.</param>
    public static long LeastMemory(int columns) => (columns * ColumnBytes) + (Twice * LeastRowGroup);

    /// <summary>The most memory that helps.</summary>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="writers">How many writers there can be.</param>
    /// <param name="bytes">About how much they will write; null where that is not known.</param>
    public static long UsefulMemory(int columns, int writers, long? bytes) =>
        (writers * columns * ColumnBytes) + (Twice * Math.Clamp(bytes ?? long.MaxValue, LeastRowGroup, writers * MostRowGroup));

    /// <summary>How many writers can share the memory of a run.</summary>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="memory">The memory, in bytes.</param>
    public static int MostWriters(int columns, long memory) => (int)Math.Max(1, memory / (LeastMemory(columns) + (Twice * LeastRowGroup)));

    /// <param name="files">The definition.</param>
    /// <param name="options">The limits of rows.</param>
    /// <param name="columns">The columns of the table.</param>
    /// <param name="memory">The memory of this writer, in bytes.</param>
    public static ParquetWriterOptions OptionsOf(FilesDefinition files, ExtractorOptions options, int columns, long memory)
    {
        // Where columns take nearly all, row groups are not cut to nothing.
        var rowGroupBytes = Math.Clamp(Math.Max((memory - (columns * ColumnBytes)) / Twice, memory / 4), LeastRowGroup, MostRowGroup);
        // A filter takes its memory for the life of a file, beside the rows: together they get an eighth of what rows get.
        var bloomFilter = new BloomFilterOptions { MaxBytes = (int)Math.Clamp(rowGroupBytes / 8 / Math.Max(files.BloomFilters.Count, 1), 1 << 10, 1 << 20) };
        return new ParquetWriterOptions
        {
            RowGroupBytes = rowGroupBytes,
            // Values are not larger than their rows, except for small ones that a mask makes longer.
            MaxValueBytes = Math.Max(options.LargestRow, new ParquetWriterOptions().MaxValueBytes),
            Compression = CodecOf(files.Compression),
            BloomFilters = files.BloomFilters.ToDictionary(column => column, _ => bloomFilter),
        };
    }

    /// <summary>Bytes of the source's answer that may be taken while a row group is encoded and written, so that the source need not wait: the larger that is, the longer it takes.</summary>
    public static int ReadAhead(long rowGroupBytes) => (int)Math.Min(rowGroupBytes / 4, MostAhead);

    private static CompressionCodec CodecOf(FileCompression compression) => compression switch
    {
        FileCompression.Snappy => CompressionCodec.Snappy,
        FileCompression.Lz4Raw => CompressionCodec.Lz4Raw,
        FileCompression.Gzip => CompressionCodec.Gzip,
        FileCompression.Brotli => CompressionCodec.Brotli,
        _ => CompressionCodec.None,
    };
}
