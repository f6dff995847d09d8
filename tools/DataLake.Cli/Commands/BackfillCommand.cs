using System.CommandLine;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Contracts;
using DataLake.Ledger.Scheduling;

namespace DataLake.Cli.Commands;

/// <summary><c>lake backfill TABLE</c></summary>
internal static class BackfillCommand
{
    public static Command Create()
    {
        var table = new Argument<string>("table") { Description = "The table, for example public.shipments." };
        var from = new Option<string>("--from") { Description = "The first instant to read again: 2026-03-01, 2026-03-01T12:00:00Z, or 'beginning'.", Required = true };
        var to = new Option<string>("--to") { Description = "The first instant after the range.", Required = true };
        var pipeline = new Option<string>("--pipeline") { Description = "The pipeline.", Required = true };
        var command = new Command("backfill", "Ask for a range of the past to be read again. The scheduler plans it at its next tick. Example: lake backfill public.shipments --pipeline operations --from 2026-03-01 --to 2026-03-08")
        {
            table, from, to, pipeline, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            var name = TableName.TryParse(parsed.GetValue(table)) ?? throw new Failure($"'{parsed.GetValue(table)}' is not the name of a table; write schema.table.");
            var (start, end) = (Instants.Parse(parsed.GetValue(from)!, "--from"), Instants.Parse(parsed.GetValue(to)!, "--to"));
            if (start >= end)
            {
                throw new Failure("--from must be before --to.");
            }

            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var backfill = await new ScheduleStore(ledger.Contexts, TimeProvider.System)
                .RequestBackfillAsync(parsed.GetValue(pipeline)!, name.ToString(), new Window(start, end), cancellation);
            if (parsed.GetValue(SharedOptions.Json))
            {
                CommandOutput.WriteJson(backfill);
            }
            else
            {
                Console.WriteLine($"Backfill {backfill.Id} of {name} {new Window(start, end)} is asked for. Follow it with: lake runs --table {name}");
            }

            return CommandOutput.Ok;
        }));
        return command;
    }
}
