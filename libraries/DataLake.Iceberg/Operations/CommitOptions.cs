using DataLake.Iceberg.Metadata;

namespace DataLake.Iceberg.Operations;

/// <summary>How commits are tried and manifests kept.</summary>
public sealed record CommitOptions
{
    /// <summary>How often a commit is tried before the last conflict is given up on.</summary>
    public int MaxAttempts { get; init; } = 12;

    /// <summary>The longest wait after the first conflict; it doubles with each, and a random part of it is waited.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait.</summary>
    public TimeSpan LongestDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Manifests are merged up to this many bytes, and new ones split there (<c>commit.manifest.target-size-bytes</c>).</summary>
    public long ManifestBytes { get; init; } = 8 << 20;

    /// <summary>How many small manifests of one kind and spec are merged (<c>commit.manifest.min-count-to-merge</c>); 0 for never.</summary>
    public int MinManifestsToMerge { get; init; } = 100;

    /// <summary>These options with what the properties of a table say instead.</summary>
    internal CommitOptions For(TableMetadata table)
    {
        return this with
        {
            ManifestBytes = TableProperties.Number(table, "commit.manifest.target-size-bytes") ?? ManifestBytes,
            MinManifestsToMerge = TableProperties.Flag(table, "commit.manifest-merge.enabled") == false ? 0 : TableProperties.Count(table, "commit.manifest.min-count-to-merge") ?? MinManifestsToMerge,
        };
    }
}
