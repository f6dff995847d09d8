namespace DataLake.Ledger.Model;

/// <summary>A person's wish to read a range of the past again.</summary>
public sealed class Backfill
{
    /// <summary>Its identity.</summary>
    public Guid Id { get; init; }

    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>The first instant of the range.</summary>
    public DateTimeOffset RangeFrom { get; init; }

    /// <summary>The first instant after the range.</summary>
    public DateTimeOffset RangeTo { get; init; }

    /// <summary>When it was asked for.</summary>
    public DateTimeOffset RequestedAt { get; init; }

    /// <summary>When the scheduler turned it into runs.</summary>
    public DateTimeOffset? PlannedAt { get; set; }

    /// <summary>Why it could not be planned.</summary>
    public string? Error { get; set; }
}
