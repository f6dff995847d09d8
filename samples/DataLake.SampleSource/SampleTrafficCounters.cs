namespace DataLake.SampleSource;

/// <summary>What the traffic has committed so far.</summary>
/// <param name="Inserted">Rows inserted, late ones included.</param>
/// <param name="Updated">Rows updated, late ones included.</param>
/// <param name="Deleted">Rows deleted.</param>
/// <param name="CommittedLate">Transactions that held their updated_at before they committed.</param>
/// <param name="Missed">Operations that found no row, or were given up because they would have been too late.</param>
/// <param name="Interrupted">Operations that the source broke off, as when it restarts.</param>
public sealed record SampleTrafficCounters(long Inserted, long Updated, long Deleted, long CommittedLate, long Missed, long Interrupted);
