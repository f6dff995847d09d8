namespace DataLake.Ledger.Model;

/// <summary>Why a window is read. Stored by name.</summary>
public enum RunKind
{
    /// <summary>The next window of a table with a cursor.</summary>
    Incremental,

    /// <summary>The whole table, at one instant.</summary>
    Full,

    /// <summary>A window of the past, read again because a person asked for it.</summary>
    Backfill,
}
