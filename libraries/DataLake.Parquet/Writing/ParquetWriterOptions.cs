using System.Reflection;
using DataLake.Parquet.Compression;

namespace DataLake.Parquet.Writing;

/// <summary>How a file is written. Memory is bounded by about <see cref="RowGroupBytes"/> and a page a column.</summary>
public sealed record ParquetWriterOptions
{
    /// <summary>How pages are compressed: <see cref="CompressionCodec.Snappy"/> or <see cref="CompressionCodec.None"/>.</summary>
    public CompressionCodec Compression { get; init; } = CompressionCodec.Snappy;

    /// <summary>Buffered bytes (encoded and compressed pages, dictionaries, open pages) at which a row group is written. Default 32 MiB.</summary>
    public long RowGroupBytes { get; init; } = 32L << 20;

    /// <summary>Rows at which a row group is written. Looked at when a batch ends, so that a group can hold up to a batch more. Default 1,048,576.</summary>
    public long RowGroupRows { get; init; } = 1 << 20;

    /// <summary>Bytes of values before compression at which a page is closed, rounded down to a power of two; at least 1,024. A value that is larger gets a
    /// page of its own. Default 1 MiB, less where many columns share <see cref="RowGroupBytes"/>.</summary>
    public int PageBytes { get; init; } = 1 << 20;

    /// <summary>Bytes at which a chunk's dictionary is given up and the rest of the chunk becomes PLAIN; 0 writes no dictionaries.
    /// Default 1 MiB, less where many columns share <see cref="RowGroupBytes"/>.</summary>
    public int DictionaryLimitBytes { get; init; } = 1 << 20;

    /// <summary>Notes of the application, kept in the footer.</summary>
    public IReadOnlyDictionary<string, string>? KeyValueMetadata { get; init; }

    /// <summary>The program that writes, as "name version x (build y)", the form that readers take apart to know a writer's bugs.</summary>
    public string CreatedBy { get; init; } = ThisLibrary();

    internal void Validate()
    {
        if (Compression is not (CompressionCodec.None or CompressionCodec.Snappy)) throw Invalid($"compression {Compression} is not written; use Snappy or None");
        if (RowGroupBytes <= 0) throw Invalid($"RowGroupBytes must be above zero, not {RowGroupBytes}");
        if (RowGroupRows <= 0) throw Invalid($"RowGroupRows must be above zero, not {RowGroupRows}");
        if (PageBytes is < 1024 or > 1 << 28) throw Invalid($"PageBytes must be 1,024 to 268,435,456, not {PageBytes}");
        if (DictionaryLimitBytes < 0) throw Invalid($"DictionaryLimitBytes must not be negative, as {DictionaryLimitBytes} is");
    }

    private static ParquetException Invalid(string what) => new(ParquetErrorKind.InvalidSchema, $"The writer's options are not valid: {what}.");

    private static string ThisLibrary()
    {
        var version = typeof(ParquetWriterOptions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0";
        var plus = version.IndexOf('+', StringComparison.Ordinal);
        return plus < 0 ? $"DataLake version {version} (build none)" : $"DataLake version {version[..plus]} (build {version[(plus + 1)..]})";
    }
}
