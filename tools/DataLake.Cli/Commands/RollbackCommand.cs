using System.CommandLine;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Cli.Tables;
using DataLake.Contracts;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Ledger.Commits;
using DataLake.Ledger.Database;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using Spectre.Console;

namespace DataLake.Cli.Commands;

/// <summary><c>lake rollback NAME --to SNAPSHOT</c></summary>
internal static class RollbackCommand
{
    private const int MostShown = 20;

    // A commit takes about a second; whoever has the turn for longer is named.
    private const int TurnAttempts = 20;

    private static readonly TimeSpan TurnPause = TimeSpan.FromMilliseconds(500);

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = "The table: public.shipments, shipments, or operations.shipments." };
        var to = new Option<string>("--to") { Description = "Where to: a snapshot's id, a tag, or a time (the snapshot that was current then).", Required = true };
        var yes = new Option<bool>("--yes") { Description = "Do not ask." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Tell what would happen, and change nothing." };
        var command = new Command("rollback",
            "Set a table back to an earlier snapshot, in one commit; nothing is deleted, and it can be set forward again until snapshots expire. Example: lake rollback public.shipments --to 2026-03-01T12:00:00Z --dry-run")
        {
            name, to, SharedOptions.Pipeline, yes, dryRun, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption, LakeTables.DirectoryOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var lake = new LakeTables(parsed, ledger);
            var table = await lake.FindAsync(parsed.GetValue(name)!, parsed.GetValue(SharedOptions.Pipeline), cancellation);
            var (pipeline, source) = OriginOf(table);
            var target = SnapshotChoice.Find(table.Metadata, parsed.GetValue(to)!, "--to");
            var current = table.Metadata.CurrentSnapshot ?? throw new Failure($"{table.Identifier} has no snapshot to go back from.");
            var plan = await RollbackPlan.MakeAsync(table, current, target, new RunQueries(ledger.Contexts), cancellation);
            var commands = plan.IsFullLoad ? [] : plan.Missing.Select(window => BackfillOf(parsed, pipeline, source, window)).ToList();
            var (json, dry) = (parsed.GetValue(SharedOptions.Json), parsed.GetValue(dryRun));
            if (!json)
            {
                Print(plan, commands);
            }

            var done = current.SnapshotId != target.SnapshotId && !dry && (parsed.GetValue(yes) || Confirm(table, json));
            if (done)
            {
                await RollBackAsync(ledger, lake, plan, pipeline, source, cancellation);
            }

            if (json)
            {
                CommandOutput.WriteJson(Report(plan, commands, done));
            }
            else
            {
                Console.WriteLine(done ? $"Done: {table.Identifier} is at snapshot {target.SnapshotId} now." : "Nothing was changed.");
            }

            return CommandOutput.Ok;
        }));
        return command;
    }

    private static (string Pipeline, TableName Source) OriginOf(CatalogTable table) =>
        table.Metadata.Properties.GetValueOrDefault(LakeTableNames.PipelineProperty) is { } pipeline
        && TableName.TryParse(table.Metadata.Properties.GetValueOrDefault(LakeTableNames.SourceTableProperty)) is { } source
            ? (pipeline, source)
            : throw new Failure($"{table.Identifier} was not made by DataLake; roll it back with the engine that made it.");

    private static async Task RollBackAsync(LedgerAccess ledger, LakeTables lake, RollbackPlan plan, string pipeline, TableName source, CancellationToken cancellation)
    {
        var commits = new TableCommits(ledger.Contexts, new LedgerLocks(ledger.DataSource), TimeProvider.System);
        await using var turn = await TakeTurnAsync(commits, plan.Table, pipeline, source.ToString(), cancellation);
        await new TableReferences(lake.Catalog).RollBackAsync(plan.Table.Identifier, plan.From.SnapshotId, plan.To.SnapshotId, plan.Updates, cancellation);
    }

    /// <summary>A commit that is under way must not find another table than it was planned on.</summary>
    private static async Task<IAsyncDisposable> TakeTurnAsync(TableCommits commits, CatalogTable table, string pipeline, string source, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            if (await commits.TryTakeTurnAsync(pipeline, source, cancellation) is { } turn)
            {
                return turn;
            }

            if (attempt == TurnAttempts)
            {
                var holder = await commits.TurnHolderAsync(pipeline, source, cancellation) ?? "another program";
                throw new Failure($"{table.Identifier} is being committed to by {holder}. Nothing was changed; try again when that is done.");
            }

            await Task.Delay(TurnPause, cancellation);
        }
    }

    private static bool Confirm(CatalogTable table, bool json)
    {
        if (json || Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            throw new Failure($"{table.Identifier} was not rolled back: nobody can be asked here. Say --yes to do it, or --dry-run to look only.");
        }

        Console.Write($"Roll back {table.Identifier}? [y/N] ");
        return Console.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }

    private static void Print(RollbackPlan plan, IReadOnlyList<string> commands)
    {
        TextOutput.Prepare();
        var text = new TableText(AnsiConsole.Console);
        var main = SnapshotSelection.History(plan.Table.Metadata, plan.From).Select(snapshot => snapshot.SnapshotId).ToHashSet();
        var (from, to) = (SnapshotReport.Of(plan.Table.Metadata, plan.From, main), SnapshotReport.Of(plan.Table.Metadata, plan.To, main));
        text.Fact("Table", plan.Table.Identifier.ToString());
        text.Fact("From", Describe(from));
        text.Fact("To", Describe(to));
        if (plan.From.SnapshotId == plan.To.SnapshotId)
        {
            text.Line("The table is there already.");
            return;
        }

        text.Fact("Complete to", $"{TableText.End(plan.Progress)}, after it");
        text.WriteSnapshots("These leave the table", Reports(plan, plan.Leaving.Take(MostShown)), plan.Leaving.Count - MostShown);
        text.WriteSnapshots("These come back", Reports(plan, plan.Returning.Take(MostShown)), plan.Returning.Count - MostShown);
        WriteConsequences(text, plan, commands);
    }

    private static void WriteConsequences(TableText text, RollbackPlan plan, IReadOnlyList<string> commands)
    {
        if (plan.LeavingRuns.Count == 0)
        {
            text.Line("No run leaves the table.");
            return;
        }

        if (plan.LeavingRuns.Count(run => run.Status != RunStatus.Committed) is > 0 and var open)
        {
            text.Line($"{TableText.Count(open, "run")} that the ledger does not note as committed yet will be added again.");
        }

        text.Line($"{TableText.Count(plan.LeavingRuns.Count, "run")} with {TableText.Count(plan.LeavingRuns.Sum(run => run.Rows), "row")} leave{(plan.LeavingRuns.Count == 1 ? "s" : "")} the table. The ledger still notes them as committed,");
        if (plan.IsFullLoad)
        {
            text.Line("and the next scheduled run loads the whole table again: to keep it as it is, take it out of its definition, or read the tag or snapshot.");
            return;
        }

        text.Line("and lake status counts them: by itself nothing reads these windows again, and later ones are added as usual. Missing then:");
        foreach (var window in plan.Missing)
        {
            text.Line($"  {window}");
        }

        text.Line("To read them again, once what was wrong is right:");
        foreach (var command in commands)
        {
            text.Line($"  {command}");
        }
    }

    private static string Describe(SnapshotReport snapshot) => $"{snapshot.Id}, made {TableText.Time(snapshot.At)}, {(snapshot.Rows is { } rows ? TableText.Count(rows, "row") : "rows not counted")}";

    private static List<SnapshotReport> Reports(RollbackPlan plan, IEnumerable<Iceberg.Metadata.Snapshot> snapshots)
    {
        var all = plan.Table.Metadata.Snapshots.Select(snapshot => snapshot.SnapshotId).ToHashSet();
        return [.. snapshots.Select(snapshot => SnapshotReport.Of(plan.Table.Metadata, snapshot, all))];
    }

    /// <summary>The command that reads a window again, as it can be typed in this folder. A ledger's connection string is a secret and is not repeated.</summary>
    private static string BackfillOf(ParseResult parsed, string pipeline, TableName source, Window window)
    {
        var data = parsed.GetValue(LedgerAccess.DataDirectoryOption)!;
        return $"lake backfill {Quote(source.ToString())} --pipeline {Quote(pipeline)} --from {Instants.Format(window.From)} --to {Instants.Format(window.To)}"
            + (data == ".datalake" ? "" : $" --data-dir {Quote(data)}") + (parsed.GetValue(LedgerAccess.LedgerOption) is null ? "" : " --ledger ...");
    }

    private static string Quote(string word) => word.All(letter => char.IsLetterOrDigit(letter) || letter is '.' or '_' or '-' or '/') ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static object Report(RollbackPlan plan, IReadOnlyList<string> commands, bool done) => new
    {
        table = plan.Table.Identifier.ToString(),
        from = Reports(plan, [plan.From])[0],
        to = Reports(plan, [plan.To])[0],
        leaving = Reports(plan, plan.Leaving),
        returning = Reports(plan, plan.Returning),
        leavingRuns = plan.LeavingRuns,
        completeTo = plan.Progress.CompleteTo,
        missing = plan.IsFullLoad ? [] : plan.Missing,
        isFullLoad = plan.IsFullLoad,
        backfills = commands,
        done,
    };
}
