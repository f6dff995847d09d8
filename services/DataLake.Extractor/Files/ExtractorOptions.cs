using DataLake.Postgres.Copy;

namespace DataLake.Extractor.Files;

/// <summary>Settings of the extractor, from the section <c>Extractor</c>.</summary>
/// <remarks>
/// Above what the runtime takes by itself, a process needs about
/// <c>60 MiB + (MemoryBudget / 2 for each run that it reads at a time) + 4 * LargestRow</c>. The last part is only used while a row above 2 MiB goes its way, once for the process:
/// the row as it came, in its page, compressed, and read back. With the usual settings and one run that is no more than 256 MiB.
/// </remarks>
public sealed class ExtractorOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Extractor";

    /// <summary>The least that <see cref="LargestRow"/> can be: 64 KiB, for rows of the most columns that a table can have.</summary>
    public const int LeastLargestRow = 64 * 1024;

    /// <summary>The most that <see cref="LargestRow"/> can be: 128 MiB. Readers of Parquet do not take pages much larger.</summary>
    public const int MostLargestRow = 128 * 1024 * 1024;

    /// <summary>Bytes that bound the writers of one run together: their row groups take a quarter of it, open pages and reading back about as much again.</summary>
    public int MemoryBudget { get; set; } = 128 * 1024 * 1024;

    /// <summary>The most bytes that a row may have as the source sends it. A larger one is refused with its number and column named.</summary>
    public int LargestRow { get; set; } = LargeRows.UsualLimit;

    /// <summary>Whether files are read back before they are published. They always are; only the benchmark leaves it out, to tell what it costs.</summary>
    internal bool ReadsBack { get; init; } = true;
}
