using System.CommandLine;
using System.Globalization;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Contracts;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using Spectre.Console;

namespace DataLake.Cli.Commands;

/// <summary><c>lake runs</c></summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var table = new Option<string?>("--table") { Description = "Only this table, for example public.shipments." };
        var status = new Option<RunStatus?>("--status") { Description = "Only runs in this state: planned, extracting, extracted, committed or failed." };
        var limit = new Option<int>("--limit") { Description = "How many, newest first.", DefaultValueFactory = _ => 20 };
        var command = new Command("runs", "List runs, newest first. Example: lake runs --table public.shipments --status failed")
        {
            SharedOptions.Pipeline, table, status, limit, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var runs = await new RunQueries(ledger.Contexts).LatestAsync(
                parsed.GetValue(SharedOptions.Pipeline), TableName.TryParse(parsed.GetValue(table))?.ToString() ?? parsed.GetValue(table),
                parsed.GetValue(status), Math.Clamp(parsed.GetValue(limit), 1, 10_000), cancellation);
            Print(runs, parsed.GetValue(SharedOptions.Json));
            return CommandOutput.Ok;
        }));
        return command;
    }

    private static void Print(IReadOnlyList<Run> runs, bool json)
    {
        if (json)
        {
            CommandOutput.WriteJson(runs);
            return;
        }

        if (runs.Count == 0)
        {
            Console.WriteLine("No runs match.");
            return;
        }

        TextOutput.Prepare();
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumn(new TableColumn("Run").NoWrap()).AddColumn("Table").AddColumn("Window").AddColumn("Status")
            .AddColumn(new TableColumn("Tries").RightAligned()).AddColumn(new TableColumn("Rows").RightAligned())
            .AddColumn(new TableColumn("Files").RightAligned()).AddColumn(new TableColumn("Seconds").RightAligned())
            .AddColumn(new TableColumn("CPU s").RightAligned());
        foreach (var run in runs)
        {
            var seconds = (run.FinishedAt - run.StartedAt)?.TotalSeconds;
            table.AddRow(
                // The end of an id tells runs apart; its start is the time.
                run.Id.ToString()[^12..], Markup.Escape(run.Table), Markup.Escape(run.Window.ToString()), Colour(run.Status),
                $"{run.Attempt}", $"{run.Rows:N0}", $"{run.FileCount}", seconds?.ToString("0.0", CultureInfo.InvariantCulture) ?? "",
                run.CpuSeconds?.ToString("0.00", CultureInfo.InvariantCulture) ?? "");
        }

        AnsiConsole.Write(table);
        Console.WriteLine("More about one: lake show <run>");
    }

    private static string Colour(RunStatus status) => status switch
    {
        RunStatus.Committed => "[green]committed[/]",
        RunStatus.Failed => "[red]failed[/]",
        _ => $"[yellow]{status.ToString().ToLowerInvariant()}[/]",
    };
}
