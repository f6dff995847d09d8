using DataLake.Cli.Output;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Cli.Tables;

/// <summary>How far a snapshot is, as its history says. For the newest snapshot the table's properties say it, and know of windows without rows too.</summary>
/// <param name="RunId">The last run that it holds.</param>
/// <param name="CompleteTo">Where the last window or full load ends that it holds.</param>
/// <param name="SourceLsn">The source's log position that the last run read at.</param>
internal sealed record SnapshotProgress(string? RunId, DateTimeOffset? CompleteTo, string? SourceLsn)
{
    /// <summary>What the newest snapshot says, by the properties of its table.</summary>
    public static SnapshotProgress OfCurrent(TableMetadata table) => new(
        table.Properties.GetValueOrDefault(LakeTableNames.RunProperty),
        table.Properties.GetValueOrDefault(LakeTableNames.CursorProperty) is { } cursor && Instants.TryParse(cursor, out var to) ? to : null,
        table.Properties.GetValueOrDefault(LakeTableNames.SourceLsnProperty));

    /// <summary>What a snapshot says.</summary>
    /// <param name="history">The snapshot and those it came from, newest first.</param>
    /// <param name="runs">What the ledger knows of their runs: backfills do not make a table more complete.</param>
    public static SnapshotProgress Of(IReadOnlyList<Snapshot> history, IReadOnlyDictionary<Guid, Run> runs)
    {
        string? runId = null, sourceLsn = null;
        DateTimeOffset? completeTo = null;
        foreach (var snapshot in history)
        {
            runId ??= RunSummary.RunsOf(snapshot) is { Count: > 0 } ofSnapshot ? ofSnapshot[^1] : null;
            sourceLsn ??= snapshot.Summary.GetValueOrDefault(RunSummary.SourceLsn);
            completeTo ??= EndOf(snapshot, runs);
            if (completeTo is not null)
            {
                break;
            }
        }

        return new SnapshotProgress(runId, completeTo, sourceLsn);
    }

    /// <summary>What the ledger knows of the runs of snapshots.</summary>
    public static Task<IReadOnlyDictionary<Guid, Run>> RunsAsync(IEnumerable<Snapshot> snapshots, RunQueries runs, CancellationToken cancellation) =>
        runs.FindAsync([.. snapshots.SelectMany(IdsOf).Distinct()], cancellation);

    /// <summary>The ids of a snapshot's runs.</summary>
    public static IEnumerable<Guid> IdsOf(Snapshot snapshot) => RunSummary.RunsOf(snapshot).Select(run => Guid.TryParse(run, out var id) ? id : Guid.Empty).Where(id => id != Guid.Empty);

    private static DateTimeOffset? EndOf(Snapshot snapshot, IReadOnlyDictionary<Guid, Run> runs)
    {
        var known = IdsOf(snapshot).Select(runs.GetValueOrDefault).OfType<Run>().ToList();
        return known.Count == 0 ? SnapshotReport.WindowOf(snapshot)?.To : known.Where(run => run.Kind != RunKind.Backfill).Max(run => (DateTimeOffset?)run.WindowTo);
    }
}
