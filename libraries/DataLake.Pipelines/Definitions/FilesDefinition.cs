namespace DataLake.Pipelines.Definitions;

/// <summary>How the pages of files are compressed.</summary>
public enum FileCompression
{
    /// <summary>Fast, and read by every program.</summary>
    Snappy,

    /// <summary>As fast, and unpacked faster; not read by every program.</summary>
    Lz4Raw,

    /// <summary>Smaller, and many times slower.</summary>
    Gzip,

    /// <summary>Smallest, and slower.</summary>
    Brotli,

    /// <summary>Not at all.</summary>
    None,
}

/// <summary>How the files of a table are written.</summary>
/// <param name="Compression">How their pages are compressed.</param>
/// <param name="Size">Bytes at which a file is closed and another started.</param>
/// <param name="BloomFilters">The columns that get a Bloom filter.</param>
public sealed record FilesDefinition(FileCompression Compression, long Size, IReadOnlyList<string> BloomFilters);
