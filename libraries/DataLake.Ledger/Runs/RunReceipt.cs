using DataLake.Contracts;
using DataLake.Ledger.Model;

namespace DataLake.Ledger.Runs;

/// <summary>What an attempt brings to the ledger when it has read its whole window.</summary>
/// <param name="Files">The files it wrote.</param>
/// <param name="SourceLsn">The log position of the snapshot it read.</param>
/// <param name="CpuSeconds">The processor time it took (<see cref="Run.CpuSeconds"/>).</param>
public sealed record RunReceipt(IReadOnlyList<RunFile> Files, string? SourceLsn, double? CpuSeconds = null)
{
    /// <summary>Rows in all files.</summary>
    public long Rows => Files.Sum(file => file.Rows);

    /// <summary>The content hash of all files together.</summary>
    public ContentHash Content => RunFile.ContentOf(Files);

    /// <summary>Bytes of all files.</summary>
    public long Bytes => Files.Sum(file => file.Bytes);
}

/// <summary>An attempt that read its whole window.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Receipt">What it brings.</param>
public sealed record ReadRun(Guid RunId, int Attempt, RunReceipt Receipt);

/// <summary>How often a run is tried.</summary>
/// <param name="Retries">Attempts after the first.</param>
/// <param name="Delay">The wait before the second attempt; it doubles for each later one.</param>
public sealed record RetryPolicy(int Retries, TimeSpan Delay)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromHours(1);

    /// <summary>When to try again after <paramref name="failedAttempts"/> failures, or null when the tries are used up.</summary>
    public DateTimeOffset? NextTry(int failedAttempts, DateTimeOffset now)
    {
        if (failedAttempts > Retries)
        {
            return null;
        }

        var factor = Math.Pow(2, Math.Min(failedAttempts - 1, 20));
        return now + TimeSpan.FromTicks((long)Math.Min(Delay.Ticks * factor, LongestDelay.Ticks));
    }
}
