namespace DataLake.Extractor.Files;

/// <summary>Settings of the extractor, from the section <c>Extractor</c>.</summary>
public sealed class ExtractorOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Extractor";

    /// <summary>Bytes of encoded rows that all writers of one run together may hold.</summary>
    public int MemoryBudget { get; set; } = 128 * 1024 * 1024;

    /// <summary>A file that has reached this size is closed and another started.</summary>
    public long FileBytes { get; set; } = 256L * 1024 * 1024;
}
