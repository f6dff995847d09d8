using System.CommandLine;
using System.Globalization;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Cli.Tables;
using DataLake.Iceberg;
using DataLake.Iceberg.Metadata;
using DataLake.Ledger.LakeTables;
using Spectre.Console;

namespace DataLake.Cli.Commands;

/// <summary><c>lake table [NAME]</c></summary>
internal static class TableCommand
{
    private const int MostSnapshots = 10_000;

    public static Command Create()
    {
        var name = new Argument<string?>("name") { Description = "The table: public.shipments, shipments, or operations.shipments. Without it all tables are listed.", Arity = ArgumentArity.ZeroOrOne };
        var asOf = new Option<string?>("--as-of") { Description = "The table as it was: a time (2026-03-01, 2026-03-01T12:00:00Z), a tag or a snapshot's id." };
        var snapshots = new Option<int>("--snapshots") { Description = "How many snapshots are listed, newest first.", DefaultValueFactory = _ => 10 };
        var files = new Option<bool>("--files") { Description = "List the data files, with rows, bytes and how many delete files apply to each." };
        var sql = new Option<bool>("--sql") { Description = "Print only a query that reads the snapshot's files in DuckDB." };
        var command = new Command("table",
            "Show a table of the lake: schema, snapshots, files, health; or as it was, with a query that reads it. Example: lake table public.shipments --as-of 2026-03-01T12:00:00Z")
        {
            name, SharedOptions.Pipeline, asOf, snapshots, files, sql, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption, LakeTables.DirectoryOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var lake = new LakeTables(parsed, ledger);
            var (pipeline, json) = (parsed.GetValue(SharedOptions.Pipeline), parsed.GetValue(SharedOptions.Json));
            if (parsed.GetValue(name) is not { } wanted)
            {
                Print(await ListAsync(lake, pipeline, cancellation), json);
                return CommandOutput.Ok;
            }

            var table = await lake.FindAsync(wanted, pipeline, cancellation);
            if (parsed.GetValue(sql))
            {
                Console.WriteLine(await QueryAsync(lake, table.Metadata, parsed.GetValue(asOf), cancellation));
                return CommandOutput.Ok;
            }

            var report = await TableReport.ReadAsync(ledger, lake, table, parsed.GetValue(asOf), Math.Clamp(parsed.GetValue(snapshots), 0, MostSnapshots), parsed.GetValue(files), cancellation);
            if (json)
            {
                CommandOutput.WriteJson(report);
            }
            else
            {
                TextOutput.Prepare();
                new TableText(AnsiConsole.Console).Write(report);
            }

            return CommandOutput.Ok;
        }));
        return command;
    }

    private static async Task<string> QueryAsync(LakeTables lake, TableMetadata table, string? asOf, CancellationToken cancellation)
    {
        var (snapshot, schema) = SnapshotChoice.AsOf(table, asOf);
        var content = await SnapshotContent.ReadAsync(lake.Files, table, snapshot, schema, cancellation);
        return DuckDbQuery.Of(table, schema, content.Scan, content.VectorRows);
    }

    private static async Task<IReadOnlyList<ListedTable>> ListAsync(LakeTables lake, string? pipeline, CancellationToken cancellation)
    {
        var listed = new List<ListedTable>();
        foreach (var identifier in await lake.ListAsync(pipeline, cancellation))
        {
            try
            {
                if (await lake.Catalog.LoadTableAsync(identifier, cancellation) is { Metadata: var table })
                {
                    var snapshot = table.CurrentSnapshot is { } current ? SnapshotReport.Of(table, current, new HashSet<long>()) : null;
                    listed.Add(new ListedTable(
                        identifier.ToString(), table.Properties.GetValueOrDefault(LakeTableNames.SourceTableProperty), snapshot is null ? 0 : snapshot.Rows, snapshot?.Files ?? 0, snapshot?.Bytes ?? 0,
                        table.Snapshots.Count, SnapshotProgress.OfCurrent(table).CompleteTo, null));
                }
            }
            catch (IcebergException error)
            {
                listed.Add(new ListedTable(identifier.ToString(), null, null, 0, 0, 0, null, error.Message));
            }
        }

        return listed;
    }

    private static void Print(IReadOnlyList<ListedTable> tables, bool json)
    {
        if (json)
        {
            CommandOutput.WriteJson(tables);
            return;
        }

        if (tables.Count == 0)
        {
            Console.WriteLine("The lake has no tables yet: a table comes with its first rows. See: lake status");
            return;
        }

        TextOutput.Prepare();
        var view = new Table().Border(TableBorder.Rounded).AddColumn("Table").AddColumn("Filled from")
            .AddColumn(new TableColumn("Rows").RightAligned()).AddColumn(new TableColumn("Size").RightAligned()).AddColumn(new TableColumn("Files").RightAligned())
            .AddColumn(new TableColumn("Snapshots").RightAligned()).AddColumn("Complete to (UTC)");
        foreach (var table in tables)
        {
            view.AddRow(
                Markup.Escape(table.Table), Markup.Escape(table.SourceTable ?? ""), table.Rows is { } rows ? TableText.Number(rows) : "?", TableText.Bytes(table.Bytes), TableText.Number(table.Files),
                TableText.Number(table.Snapshots), table.CompleteTo?.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) ?? "");
        }

        AnsiConsole.Write(view);
        foreach (var table in tables.Where(table => table.Error is not null))
        {
            Console.Error.WriteLine($"error: {table.Table}: {table.Error}");
        }

        Console.WriteLine("More about one: lake table <name>");
    }

    private sealed record ListedTable(
        string Table, string? SourceTable, long? Rows, long Files, long Bytes, int Snapshots, DateTimeOffset? CompleteTo, string? Error);
}
