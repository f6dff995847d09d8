using System.Globalization;
using DataLake.AppHost.Progress;
using DataLake.Contracts;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using Spectre.Console;

namespace DataLake.AppHost.Summary;

/// <summary>What a run of the system did, one line a table.</summary>
internal static class RunSummary
{
    /// <summary>Prints it.</summary>
    /// <returns>Whether nothing failed.</returns>
    public static bool Print(IReadOnlyList<Run> runs, IReadOnlyList<TableSchedule> silent, string lakeDirectory)
    {
        if (runs.Count == 0 && silent.Count == 0)
        {
            Console.WriteLine("Nothing was due: every closed window is in the lake already.");
            return true;
        }

        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn("Table").AddColumn(Number("Windows")).AddColumn(Number("Rows")).AddColumn(Number("Bytes"))
            .AddColumn(Number("Files")).AddColumn(Number("Seconds")).AddColumn("Result").AddColumn(new TableColumn("Iceberg table").NoWrap());
        foreach (var ofTable in runs.GroupBy(run => (run.Pipeline, run.Table)))
        {
            var all = ofTable.ToList();
            var committed = all.Where(run => run.Status == RunStatus.Committed).ToList();
            var failed = all.Count(run => run.Status == RunStatus.Failed);
            table.AddRow(
                Markup.Escape(ofTable.Key.Table), $"{committed.Count:N0}", $"{committed.Sum(run => run.Rows):N0}", ByteSize.Of(committed.Sum(run => run.Bytes)),
                $"{committed.Sum(run => run.FileCount):N0}", Seconds(committed), failed > 0 ? $"[red]{failed} failed[/]" : all.Any(IsStuck) ? "[red]not committed[/]" : "[green]complete[/]",
                Markup.Escape(Path.Combine(Path.GetRelativePath(Directory.GetCurrentDirectory(), lakeDirectory), FolderOf(ofTable.Key.Pipeline, ofTable.Key.Table))));
        }

        AnsiConsole.Write(table);
        foreach (var problem in runs.Where(run => run.Status == RunStatus.Failed || IsStuck(run)).Select(run => run.Error).Distinct())
        {
            Console.Error.WriteLine($"error: {problem}");
        }

        foreach (var pipeline in silent)
        {
            Console.Error.WriteLine($"error: pipeline {pipeline.Pipeline}: {pipeline.Error}");
        }

        return silent.Count == 0 && runs.All(run => run.Status == RunStatus.Committed);
    }

    private static bool IsStuck(Run run) => run is { Status: RunStatus.Extracted, Error: not null };

    private static string FolderOf(string pipeline, string table) => LakeTableNames.FolderOf(LakeTableNames.Of(pipeline, TableName.TryParse(table)!));

    private static TableColumn Number(string title) => new TableColumn(title).RightAligned();

    private static string Seconds(IEnumerable<Run> runs) =>
        runs.Sum(run => (run.FinishedAt - run.StartedAt)?.TotalSeconds ?? 0).ToString("0.0", CultureInfo.InvariantCulture);
}
