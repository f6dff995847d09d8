namespace DataLake.Ledger.Model;

/// <summary>What the scheduler remembers of a table between ticks; all else follows from the table's runs.</summary>
public sealed class TableSchedule
{
    /// <summary>The pipeline.</summary>
    public required string Pipeline { get; init; }

    /// <summary>The table.</summary>
    public required string Table { get; init; }

    /// <summary>When the schedule last fired and was served.</summary>
    public DateTimeOffset? LastTickAt { get; set; }

    /// <summary>When planning first failed (the source cannot be reached, for example); null while it works.</summary>
    public DateTimeOffset? FailingSince { get; set; }

    /// <summary>Why planning fails and what to do.</summary>
    public string? Error { get; set; }

    /// <summary>When the table was found to be late; null while it is not.</summary>
    public DateTimeOffset? LateSince { get; set; }
}
