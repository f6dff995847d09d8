namespace DataLake.Ledger.Model;

/// <summary>One try of a run by one worker.</summary>
public sealed class RunAttempt
{
    /// <summary>The run.</summary>
    public Guid RunId { get; init; }

    /// <summary>1 for the first attempt; the fencing token of the run while this attempt is the last.</summary>
    public int Number { get; init; }

    /// <summary>The worker: machine, process and a random part.</summary>
    public required string Worker { get; init; }

    /// <summary>When the run was claimed.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>When the attempt ended, or was found to be lost.</summary>
    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>How it ended.</summary>
    public AttemptOutcome Outcome { get; set; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; set; }
}

/// <summary>How an attempt ended. Stored by name.</summary>
public enum AttemptOutcome
{
    /// <summary>It has not.</summary>
    Running,

    /// <summary>Its files and receipt were recorded.</summary>
    Extracted,

    /// <summary>It reported an error.</summary>
    Failed,

    /// <summary>Its worker was stopped and gave the run back.</summary>
    Released,

    /// <summary>Its lease expired: the worker died, hung or was cut off.</summary>
    Lost,
}
