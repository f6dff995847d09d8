using System.CommandLine;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Ledger.Definitions;
using DataLake.Ledger.Runs;
using DataLake.Ledger.Scheduling;
using DataLake.Pipelines.Parsing;
using Spectre.Console;

namespace DataLake.Cli.Commands;

/// <summary><c>lake status</c></summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Show every table: how far it is complete, what waits, what failed. Ends with 1 if one is late or has failed.")
        {
            SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var tables = await ReadAsync(ledger, cancellation);
            if (parsed.GetValue(SharedOptions.Json))
            {
                CommandOutput.WriteJson(tables);
            }
            else
            {
                Print(tables);
            }

            return tables.All(table => table.IsWell) ? CommandOutput.Ok : CommandOutput.NotWell;
        }));
        return command;
    }

    private static async Task<List<TableStatus>> ReadAsync(LedgerAccess ledger, CancellationToken cancellation)
    {
        var time = TimeProvider.System;
        var plans = new RunPlans(ledger.Contexts, time);
        var schedules = new ScheduleStore(ledger.Contexts, time);
        var silent = (await schedules.FailingAsync(cancellation)).ToDictionary(row => row.Pipeline, row => row.Error);
        var tables = new List<TableStatus>();
        foreach (var applied in await new DefinitionStore(ledger.Contexts, time).CurrentAsync(cancellation))
        {
            foreach (var table in PipelineParser.Parse(applied.Text, applied.FileName).Pipeline?.Tables ?? [])
            {
                var name = table.Table.ToString();
                var progress = await plans.ProgressAsync(applied.Pipeline, name, cancellation);
                var state = await schedules.GetAsync(applied.Pipeline, name, cancellation);
                tables.Add(new TableStatus(applied.Pipeline, name, progress.CompleteTo, progress.Open, progress.Failed, state.LateSince, silent.GetValueOrDefault(applied.Pipeline)));
            }
        }

        return tables;
    }

    private static void Print(List<TableStatus> tables)
    {
        if (tables.Count == 0)
        {
            Console.WriteLine("No definition is in force yet: start the system first.");
            return;
        }

        TextOutput.Prepare();
        var now = TimeProvider.System.GetUtcNow();
        var view = new Table().Border(TableBorder.Rounded)
            .AddColumn("Pipeline").AddColumn("Table").AddColumn("Complete to (UTC)").AddColumn("Behind")
            .AddColumn(new TableColumn("Waiting").RightAligned()).AddColumn(new TableColumn("Failed").RightAligned()).AddColumn("State");
        foreach (var table in tables)
        {
            view.AddRow(
                Markup.Escape(table.Pipeline), Markup.Escape(table.Table),
                table.CompleteTo?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss") ?? "nothing yet",
                table.CompleteTo is { } reached ? Behind(now - reached) : "",
                $"{table.Waiting}", $"{table.Failed}", table.IsWell ? "[green]well[/]" : $"[red]{(table.Failed > 0 ? "failed" : table.SourceError is not null ? "source silent" : "late")}[/]");
        }

        AnsiConsole.Write(view);
        foreach (var error in tables.Select(table => table.SourceError).OfType<string>().Distinct())
        {
            Console.Error.WriteLine($"error: {error}");
        }
    }

    private static string Behind(TimeSpan time) =>
        time.TotalDays >= 1 ? $"{(int)time.TotalDays}d {time.Hours}h" : time.TotalHours >= 1 ? $"{time.Hours}h {time.Minutes}m" : $"{time.Minutes}m {time.Seconds}s";

    private sealed record TableStatus(
        string Pipeline, string Table, DateTimeOffset? CompleteTo, int Waiting, int Failed, DateTimeOffset? LateSince, string? SourceError)
    {
        public bool IsWell => Failed == 0 && LateSince is null && SourceError is null;
    }
}
