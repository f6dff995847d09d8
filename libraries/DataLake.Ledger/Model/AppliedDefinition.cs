namespace DataLake.Ledger.Model;

/// <summary>A pipeline's definition as it was applied. A changed text is a new version; runs say which version they follow.</summary>
public sealed class AppliedDefinition
{
    /// <summary>The pipeline's name.</summary>
    public required string Pipeline { get; init; }

    /// <summary>1 for the first, then counting.</summary>
    public int Version { get; init; }

    /// <summary>The hash of the text.</summary>
    public required string Hash { get; init; }

    /// <summary>The definition (YAML). Secrets are only referred to.</summary>
    public required string Text { get; init; }

    /// <summary>The file it came from.</summary>
    public required string FileName { get; init; }

    /// <summary>When it was applied.</summary>
    public DateTimeOffset AppliedAt { get; init; }

    /// <summary>When the pipeline's file was found to be gone: its tables are no longer planned.</summary>
    public DateTimeOffset? RemovedAt { get; set; }
}
