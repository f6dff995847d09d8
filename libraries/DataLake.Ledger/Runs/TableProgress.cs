namespace DataLake.Ledger.Runs;

/// <summary>How far a table has come.</summary>
/// <param name="PlannedTo">Where the next window starts; null before the first.</param>
/// <param name="CompleteTo">Every row of the source before this instant of the cursor is committed; null before the first commit.</param>
/// <param name="Open">Runs that are planned or under way.</param>
/// <param name="Failed">Runs that have failed and wait for the next tick.</param>
public sealed record TableProgress(DateTimeOffset? PlannedTo, DateTimeOffset? CompleteTo, int Open, int Failed);
