using DataLake.Contracts;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Cli.Tables;

/// <summary>Windows that a rollback takes out of a table. Full loads have none: the next one brings all.</summary>
internal static class MissingWindows
{
    /// <summary>The windows of runs that leave, in as few ranges as possible: one for all that the schedule read, and those of backfills beside it.</summary>
    public static IReadOnlyList<Window> Of(IReadOnlyCollection<Run> leaving)
    {
        // Between the windows that leave there are only such as brought no rows: reading those again does no harm.
        var scheduled = leaving.Where(run => run.Kind == RunKind.Incremental).ToList();
        var windows = leaving.Where(run => run.Kind == RunKind.Backfill).Select(run => run.Window).ToList();
        if (scheduled.Count > 0)
        {
            windows.Add(new Window(scheduled.Min(run => run.WindowFrom), scheduled.Max(run => run.WindowTo)));
        }

        var merged = new List<Window>();
        foreach (var window in windows.OrderBy(window => window.From))
        {
            if (merged.Count > 0 && window.From <= merged[^1].To)
            {
                merged[^1] = new Window(merged[^1].From, window.To > merged[^1].To ? window.To : merged[^1].To);
            }
            else
            {
                merged.Add(window);
            }
        }

        return merged;
    }

    /// <summary>What earlier rollbacks took out and nothing has brought back since, for as long as the table has the snapshots that held it.</summary>
    public static async Task<IReadOnlyList<Window>> LeftBehindAsync(TableMetadata table, RunQueries queries, CancellationToken cancellation)
    {
        var main = SnapshotSelection.History(table, table.CurrentSnapshot).ToList();
        var left = table.Snapshots.ExceptBy(main.Select(snapshot => snapshot.SnapshotId), snapshot => snapshot.SnapshotId).ToList();
        if (left.Count == 0)
        {
            return [];
        }

        var runs = await SnapshotProgress.RunsAsync(table.Snapshots, queries, cancellation);
        var present = main.SelectMany(RunsOf).ToList();
        return Of([.. left.SelectMany(RunsOf).Where(gone => !present.Exists(one => one.Run.Id == gone.Run.Id || (one.Number > gone.Number && one.Run.Window.Covers(gone.Run.Window)))).Select(gone => gone.Run)]);

        IEnumerable<(long Number, Run Run)> RunsOf(Snapshot snapshot) =>
            SnapshotProgress.IdsOf(snapshot).Select(runs.GetValueOrDefault).OfType<Run>().Select(run => (snapshot.SequenceNumber, run));
    }
}
