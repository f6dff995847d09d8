using System.Text.Json.Nodes;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of <c>files</c>, of a table and under <c>defaults</c>.</summary>
internal static class FileKeys
{
    private const long Smallest = 64 << 10;
    private const long Largest = 64L << 30;

    public static readonly Key<FileCompression> Compression = new(
        "compression",
        new ChoiceShape<FileCompression>(
            new Dictionary<string, FileCompression>
            {
                ["snappy"] = FileCompression.Snappy,
                ["lz4_raw"] = FileCompression.Lz4Raw,
                ["gzip"] = FileCompression.Gzip,
                ["brotli"] = FileCompression.Brotli,
                ["none"] = FileCompression.None,
            },
            orInCapitals: true),
        "How pages are compressed: snappy (fast, read by every program), lz4_raw (unpacked faster, not read by every program), gzip or brotli (smaller and several times slower), or none.")
    {
        Default = "snappy",
        Examples = ["brotli"],
    };

    public static readonly Key<long> Size = new(
        "size", Values.Size(Smallest, Largest),
        "A file that has reached this size is closed and another started. MB and GB are powers of 1,000, MiB and GiB of 1,024.")
    {
        Default = SizeText.Format(DefinitionDefaults.Files.Size),
        Examples = ["256MB"],
    };

    public static readonly Key<IReadOnlyList<Placed<string>>> BloomFilters = new(
        "bloom_filters", new ListShape<string>("a list of columns", Values.Column, isSet: true),
        "Columns that are looked up by single values and not sorted by: a Bloom filter in each file says which values it cannot have. Not for boolean columns. A list's filter knows its elements.")
    {
        DefaultInWords = "none",
        Examples = [new JsonArray("customer_id")],
    };

    /// <summary>How files are written.</summary>
    public static readonly Key<MappingReader> Files = new(
        "files", new MappingShape("a mapping with compression, size or bloom_filters", [Compression, Size, BloomFilters]),
        "How the files are written; what a table says wins over 'defaults', key by key.")
    {
        DefaultInWords = $"snappy, {SizeText.Format(DefinitionDefaults.Files.Size)}, no Bloom filters",
        Examples = [new JsonObject { ["compression"] = "lz4_raw", ["size"] = "128MiB", ["bloom_filters"] = new JsonArray("customer_id") }],
    };

    /// <summary>How the files of a table are written.</summary>
    public static FilesDefinition Of(MappingReader table, MappingReader? defaults)
    {
        var own = table.TryGet(Files, out var found) ? found : null;
        var shared = defaults?.TryGet(Files, out found) == true ? found : null;
        return new FilesDefinition(
            Get(Compression, DefinitionDefaults.Files.Compression),
            Get(Size, DefinitionDefaults.Files.Size),
            [.. Get(BloomFilters, []).Select(column => column.Value)]);

        T Get<T>(Key<T> key, T otherwise)
            where T : notnull => own?.TryGet(key, out var value) == true || shared?.TryGet(key, out value) == true ? value : otherwise;
    }
}
