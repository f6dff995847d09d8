using DataLake.Contracts;

namespace DataLake.Ledger.Model;

/// <summary>Something that happened, for whoever asked to hear of it. Raised in the transaction that made it true.</summary>
public sealed class Notice
{
    /// <summary>Its identity.</summary>
    public Guid Id { get; init; }

    /// <summary>What happened.</summary>
    public NoticeEvent Event { get; init; }

    /// <summary>What makes it one and the same happening: a second notice with the same key is not raised.</summary>
    public required string Key { get; init; }

    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The run, where there is one.</summary>
    public Guid? RunId { get; init; }

    /// <summary>The version of the definition whose rules say who is told.</summary>
    public int DefinitionVersion { get; init; }

    /// <summary>When it happened.</summary>
    public DateTimeOffset RaisedAt { get; init; }

    /// <summary>What happened and what to do, for a person. Holds no secret.</summary>
    public required string Text { get; init; }

    /// <summary>When a message was last sent for it.</summary>
    public DateTimeOffset? DispatchedAt { get; set; }

    /// <summary>When every channel was served or given up.</summary>
    public DateTimeOffset? DoneAt { get; set; }
}

/// <summary>One channel of one notice.</summary>
public sealed class NoticeDelivery
{
    /// <summary>The notice.</summary>
    public Guid NoticeId { get; init; }

    /// <summary>The channel's place in the definition: rule and channel, for example <c>1/smtp</c>.</summary>
    public required string Channel { get; init; }

    /// <summary>How many times it was tried.</summary>
    public int Tries { get; set; }

    /// <summary>When it was sent.</summary>
    public DateTimeOffset? SentAt { get; set; }

    /// <summary>When it was given up.</summary>
    public DateTimeOffset? GivenUpAt { get; set; }

    /// <summary>The earliest time of the next try.</summary>
    public DateTimeOffset DueAt { get; set; }

    /// <summary>Why the last try failed. Holds no secret.</summary>
    public string? Error { get; set; }
}
