using DataLake.Postgres.Copy;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Files;

/// <summary>Settings of the extractor, from the section <c>Extractor</c>.</summary>
public sealed class ExtractorOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Extractor";

    /// <summary>The least that <see cref="LargestRow"/> can be: 64 KiB, for rows of the most columns that a table can have.</summary>
    public const int LeastLargestRow = 64 * 1024;

    /// <summary>The most that <see cref="LargestRow"/> can be: 128 MiB. Readers of Parquet do not take pages much larger.</summary>
    public const int MostLargestRow = 128 * 1024 * 1024;

    // Code, the runtime's compiler, connections, and what the collector has not taken back yet.
    private const long Overhead = 60 << 20;

    // A large row as it came, in its page, compressed, and read back.
    private const long CopiesOfLargeRow = 4;

    private const long LeastForRuns = 24 << 20;

    /// <summary>
    /// Bytes that a process may use above what the runtime takes by itself, whatever it reads: 256 MiB. Of it <c>60 MiB + 4 * LargestRow</c> are set aside, the latter for the one row above
    /// 2 MiB that goes its way at a time; all runs share what is left.
    /// </summary>
    public long MemoryBudget { get; set; } = 256 << 20;

    /// <summary>The most bytes that a row may have as the source sends it. A larger one is refused with its number and column named.</summary>
    public int LargestRow { get; set; } = LargeRows.UsualLimit;

    /// <summary>What of the budget the writers of all runs may hold together.</summary>
    internal long ForRuns => MemoryBudget - SetAside;

    /// <summary>Whether files are read back before they are published. They always are; only the benchmark leaves it out, to tell what it costs.</summary>
    internal bool ReadsBack { get; init; } = true;

    private long SetAside => Overhead + (CopiesOfLargeRow * LargestRow);

    /// <summary>Holds settings against each other before anything starts.</summary>
    internal sealed class Check : IValidateOptions<ExtractorOptions>
    {
        public ValidateOptionsResult Validate(string? name, ExtractorOptions options)
        {
            if (options.LargestRow is < LeastLargestRow or > MostLargestRow)
            {
                return ValidateOptionsResult.Fail($"Extractor:LargestRow must be {LeastLargestRow:N0} to {MostLargestRow:N0} bytes, not {options.LargestRow:N0}.");
            }

            if (options.ForRuns >= LeastForRuns)
            {
                return ValidateOptionsResult.Success;
            }

            var largest = (options.MemoryBudget - Overhead - LeastForRuns) / CopiesOfLargeRow;
            return ValidateOptionsResult.Fail(
                $"Extractor:MemoryBudget is {options.MemoryBudget:N0} bytes, which all runs of a process share: with rows of up to {options.LargestRow:N0} bytes (Extractor:LargestRow) it must be at least " +
                $"{options.SetAside + LeastForRuns:N0}. Raise it{(largest >= LeastLargestRow ? $", or set Extractor:LargestRow to {largest:N0} or less" : "")}.");
        }
    }
}
