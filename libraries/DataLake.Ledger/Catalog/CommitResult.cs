namespace DataLake.Ledger.Catalog;

/// <summary>What became of a wish to commit a run.</summary>
public enum CommitResult
{
    /// <summary>Its files are now part of the table.</summary>
    Committed,

    /// <summary>They were already.</summary>
    AlreadyCommitted,

    /// <summary>An earlier window of the table is not committed yet; commit that first.</summary>
    Waits,

    /// <summary>The run has no recorded files: it is not extracted, or is being read again.</summary>
    NotReady,
}
