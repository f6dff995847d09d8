namespace DataLake.Benchmarks.Latency;

/// <summary>When each step of a window was reached. Planned, claimed, receipt and commit are the ledger's times, the others the source's log and the file's.</summary>
/// <param name="Rows">Rows of the window.</param>
internal sealed record WindowTimes(
    long Rows, DateTimeOffset Planned, DateTimeOffset Claimed, DateTimeOffset LoggedIn, DateTimeOffset Snapshot, DateTimeOffset Copy, DateTimeOffset Written, DateTimeOffset Receipt, DateTimeOffset Committed)
{
    /// <summary>The steps, and what is in each.</summary>
    public static IReadOnlyList<(string Step, string What, Func<WindowTimes, TimeSpan> Took)> Steps { get; } =
    [
        ("planned to claimed", "run recorded, dispatched, message", times => times.Claimed - times.Planned),
        ("claimed to logged in", "claim recorded, connection, SCRAM", times => times.LoggedIn - times.Claimed),
        ("logged in to snapshot", "transaction", times => times.Snapshot - times.LoggedIn),
        ("snapshot to COPY", "the table is looked up, field ids from the ledger", times => times.Copy - times.Snapshot),
        ("COPY to file written", "rows read, encoded, written (file times are exact to 4 ms)", times => times.Written - times.Copy),
        ("file written to receipt", "fsync of file and folders, publishing, source closed", times => times.Receipt - times.Written),
        ("plan to receipt", "all of the above", times => times.Receipt - times.Planned),
        ("receipt to commit", "receipt recorded, message, commit", times => times.Committed - times.Receipt),
        ("plan to commit", "all", times => times.Committed - times.Planned),
    ];
}
