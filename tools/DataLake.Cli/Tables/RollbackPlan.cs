using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Updates;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Cli.Tables;

/// <summary>What a rollback would do: which snapshots leave the table, which come back where another rollback left them, and which runs are not part of it then.</summary>
/// <param name="Table">The table as it was looked at.</param>
/// <param name="From">Its snapshot.</param>
/// <param name="To">The snapshot it is to have.</param>
/// <param name="Leaving">Snapshots that leave it, newest first.</param>
/// <param name="Returning">Snapshots that come back, newest first.</param>
/// <param name="LeavingRuns">Runs that leave it, by the ledger.</param>
/// <param name="Progress">How far it is then.</param>
internal sealed record RollbackPlan(
    CatalogTable Table, Snapshot From, Snapshot To, IReadOnlyList<Snapshot> Leaving, IReadOnlyList<Snapshot> Returning, IReadOnlyList<Run> LeavingRuns, SnapshotProgress Progress)
{
    /// <summary>Whether the table is loaded as a whole, so that its next run brings all that left.</summary>
    public bool IsFullLoad => LeavingRuns.Any(run => run.Kind == RunKind.Full);

    /// <summary>The windows that are missing then.</summary>
    public IReadOnlyList<Window> Missing => MissingWindows.Of(LeavingRuns);

    /// <summary>What the table's properties say then. Where no run leaves or comes back, they stay.</summary>
    public IReadOnlyList<TableUpdate> Updates
    {
        get
        {
            var properties = new Dictionary<string, string?>
            {
                [LakeTableNames.RunProperty] = Progress.RunId,
                [LakeTableNames.CursorProperty] = Progress.CompleteTo?.ToString("O"),
                [LakeTableNames.SourceLsnProperty] = Progress.SourceLsn,
            };
            var known = properties.Where(property => property.Value is not null).ToDictionary(property => property.Key, property => property.Value!);
            List<string> unknown = [.. properties.Keys.Where(key => !known.ContainsKey(key) && Table.Metadata.Properties.ContainsKey(key))];
            List<TableUpdate> updates = known.Count > 0 ? [new TableUpdate.SetProperties(known)] : [];
            return unknown.Count > 0 ? [.. updates, new TableUpdate.RemoveProperties(unknown)] : updates;
        }
    }

    /// <summary>Plans a rollback; nothing is changed.</summary>
    public static async Task<RollbackPlan> MakeAsync(CatalogTable table, Snapshot from, Snapshot to, RunQueries queries, CancellationToken cancellation)
    {
        List<Snapshot> now = [.. SnapshotSelection.History(table.Metadata, from)], then = [.. SnapshotSelection.History(table.Metadata, to)];
        List<Snapshot> leaving = [.. now.ExceptBy(then.Select(Id), Id)], returning = [.. then.ExceptBy(now.Select(Id), Id)];
        var runs = await SnapshotProgress.RunsAsync(now.Concat(then), queries, cancellation);
        var kept = then.SelectMany(SnapshotProgress.IdsOf).ToHashSet();
        List<Run> leavingRuns = [.. leaving.SelectMany(SnapshotProgress.IdsOf).Where(id => !kept.Contains(id)).Select(runs.GetValueOrDefault).OfType<Run>()];
        return new RollbackPlan(table, from, to, leaving, returning, leavingRuns, ProgressThen());

        SnapshotProgress ProgressThen()
        {
            if (!leaving.Concat(returning).SelectMany(SnapshotProgress.IdsOf).Any())
            {
                return SnapshotProgress.OfCurrent(table.Metadata);
            }

            var progress = SnapshotProgress.Of(then, runs);
            if (progress.CompleteTo is not null)
            {
                return progress;
            }

            // The snapshots that would say it have expired. Windows touch, so it was complete to where the first that leaves begins.
            var windows = leavingRuns.Where(run => run.Kind == RunKind.Incremental).Select(run => run.WindowFrom).ToList();
            return progress with { CompleteTo = windows.Count > 0 && windows.Min() != Window.Beginning ? windows.Min() : null };
        }

        static long Id(Snapshot snapshot) => snapshot.SnapshotId;
    }
}
