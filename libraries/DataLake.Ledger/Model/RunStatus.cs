namespace DataLake.Ledger.Model;

/// <summary>
/// Where a run stands. Stored by name. The way is Planned, Extracting, Extracted, Committed; a failed attempt goes back to
/// Planned until its tries are used up, then to Failed, from where the next tick of the schedule plans the same window again.
/// </summary>
public enum RunStatus
{
    /// <summary>Waiting for a worker. Set by the scheduler (new, or planned again) and by a failed or lost attempt that has tries left.</summary>
    Planned,

    /// <summary>A worker holds the lease and reads the source. Set by the extractor when it claims the run.</summary>
    Extracting,

    /// <summary>Files and receipt are recorded, not yet visible. Set by the extractor.</summary>
    Extracted,

    /// <summary>Part of the table, for good. Set by the catalog updater after the table's commit, which bears the run's id: one that was not noted here is found there.</summary>
    Committed,

    /// <summary>Out of tries, or beyond retrying; its error says what to do. Set by the extractor, the catalog updater or the sweep.</summary>
    Failed,
}
