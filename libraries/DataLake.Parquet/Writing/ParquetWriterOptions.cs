using System.Reflection;
using DataLake.Parquet.BloomFilters;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Writing;

/// <summary>How a file is written. Memory is bounded by about <see cref="RowGroupBytes"/> and a page a column.</summary>
public sealed record ParquetWriterOptions
{
    /// <summary>How pages are compressed: Snappy (the default), LZ4_RAW, gzip, Brotli or not at all. A chunk whose first page does not become smaller by a
    /// tenth is written without compression.</summary>
    public CompressionCodec Compression { get; init; } = CompressionCodec.Snappy;

    /// <summary>Buffered bytes (encoded and compressed pages, dictionaries, open pages) at which a row group is written. Default 32 MiB.</summary>
    public long RowGroupBytes { get; init; } = 32L << 20;

    /// <summary>Rows at which a row group is written. Looked at when a batch ends, so that a group can hold up to a batch more. Default 1,048,576.</summary>
    public long RowGroupRows { get; init; } = 1 << 20;

    /// <summary>Bytes of values before compression at which a page is closed, rounded down to a power of two; at least 1,024. A value that is larger gets a
    /// page of its own. Default 1 MiB, less where many columns share <see cref="RowGroupBytes"/>.</summary>
    public int PageBytes { get; init; } = 1 << 20;

    /// <summary>Bytes at which a chunk's dictionary is given up and the rest of the chunk becomes PLAIN; 0 writes no dictionaries.
    /// Default 1 MiB, less where the dictionaries of all columns would take more than a quarter of <see cref="RowGroupBytes"/>.</summary>
    public int DictionaryLimitBytes { get; init; } = 1 << 20;

    /// <summary>The most bytes of one value, and of all elements of one list; more is refused with <see cref="ParquetErrorKind.InvalidValue"/>. While its page is
    /// closed a value takes up to 2.2 times its size of memory, beyond <see cref="RowGroupBytes"/>. Default 64 MiB, at most 1 GiB.</summary>
    public int MaxValueBytes { get; init; } = 64 << 20;

    /// <summary>The columns that get a Bloom filter in every row group, by name: those that are looked up by single values and not sorted.
    /// BOOLEAN columns cannot have one. A list's filter knows its elements.</summary>
    public IReadOnlyDictionary<string, BloomFilterOptions> BloomFilters { get; init; } = new Dictionary<string, BloomFilterOptions>();

    /// <summary>Notes of the application, kept in the footer.</summary>
    public IReadOnlyDictionary<string, string>? KeyValueMetadata { get; init; }

    /// <summary>The program that writes, as "name version x (build y)", the form that readers take apart to know a writer's bugs.</summary>
    public string CreatedBy { get; init; } = ThisLibrary();

    internal void Validate(ParquetSchema schema)
    {
        if (!PageCodec.IsSupported(Compression)) throw Invalid($"compression {Compression} is not written; use Snappy, Lz4Raw, Gzip, Brotli or None");
        if (RowGroupBytes <= 0) throw Invalid($"RowGroupBytes must be above zero, not {RowGroupBytes}");
        if (RowGroupRows <= 0) throw Invalid($"RowGroupRows must be above zero, not {RowGroupRows}");
        if (PageBytes is < 1024 or > 1 << 28) throw Invalid($"PageBytes must be 1,024 to 268,435,456, not {PageBytes}");
        if (DictionaryLimitBytes < 0) throw Invalid($"DictionaryLimitBytes must not be negative, as {DictionaryLimitBytes} is");
        if (MaxValueBytes is < 1 or > BytesColumnBuffer.MaxValueLength) throw Invalid($"MaxValueBytes must be 1 to 1,073,741,824, not {MaxValueBytes}");
        foreach (var (name, bloomFilter) in BloomFilters)
        {
            var column = schema.IndexOf(name);
            if (column < 0) throw Invalid($"a Bloom filter is asked for column '{name}', which the schema does not have");
            if (schema.Columns[column].PhysicalType == PhysicalType.Boolean) throw Invalid($"a Bloom filter is asked for column '{name}', which is BOOLEAN");
            if (bloomFilter.Fault() is { } fault) throw Invalid($"for column '{name}' {fault}");
        }
    }

    private static ParquetException Invalid(string what) => new(ParquetErrorKind.InvalidSchema, $"The writer's options are not valid: {what}.");

    private static string ThisLibrary()
    {
        var version = typeof(ParquetWriterOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? $"DataLake version {version} (build none)" : $"DataLake version {version[..plus]} (build {version[(plus + 1)..]})";
    }
}
