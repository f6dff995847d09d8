using DataLake.Ledger.Model;
using Spectre.Console;

namespace DataLake.AppHost.Progress;

/// <summary>A table in the terminal that follows every table of the lake.</summary>
internal static class LiveProgress
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    public static Task ShowAsync(RunWatch watch, DateTimeOffset since, CancellationToken stop) =>
        AnsiConsole.Live(new Text("Waiting for the first windows ...")).StartAsync(async live =>
        {
            IReadOnlyList<Run> runs = [];
            bool goOn;
            do
            {
                goOn = await ProgressDisplay.PauseAsync(Pause, stop);
                runs = await watch.LookAsync(since, runs);
                if (runs.Count > 0)
                {
                    live.UpdateTarget(Draw(runs));
                }

                live.Refresh();
            }
            while (goOn);
        });

    private static Table Draw(IReadOnlyList<Run> runs)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn("Table").AddColumn("Now").AddColumn("Complete to").AddColumn(new TableColumn("Windows").RightAligned())
            .AddColumn(new TableColumn("Rows").RightAligned()).AddColumn(new TableColumn("Size").RightAligned());
        foreach (var ofTable in runs.GroupBy(run => $"{run.Pipeline} {run.Table}"))
        {
            var committed = ofTable.Where(run => run.Status == RunStatus.Committed).ToList();
            table.AddRow(
                Markup.Escape(ofTable.Key),
                StateOf([.. ofTable]),
                committed.Where(run => run.Kind != RunKind.Backfill).Select(run => run.WindowTo.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss")).LastOrDefault() ?? "",
                $"{committed.Count:N0}",
                $"{ofTable.Sum(run => run.Rows):N0}",
                ByteSize.Of(ofTable.Sum(run => run.Bytes)));
        }

        foreach (var failed in runs.Where(run => run.Error is not null && run.Status != RunStatus.Committed).Take(3))
        {
            table.Caption(Markup.Escape(failed.Error!), new Style(Color.Red));
        }

        return table;
    }

    private static string StateOf(IReadOnlyList<Run> runs)
    {
        if (runs.FirstOrDefault(run => run.Status == RunStatus.Extracting) is { } reading)
        {
            return $"[blue]reading {reading.Rows:N0}[/]";
        }

        if (runs.Any(run => run.Status == RunStatus.Failed))
        {
            return "[red]failed[/]";
        }

        var waiting = runs.Count(run => run.Status is RunStatus.Planned or RunStatus.Extracted);
        return waiting > 0 ? $"[yellow]{waiting} waiting[/]" : "[green]up to date[/]";
    }
}
