namespace DataLake.Extractor.Files;

/// <summary>Settings of the extractor, from the section <c>Extractor</c>.</summary>
public sealed class ExtractorOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Extractor";

    /// <summary>Bytes of encoded rows that all writers of one run together may hold.</summary>
    public int MemoryBudget { get; set; } = 128 * 1024 * 1024;
}
