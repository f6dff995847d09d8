using System.CommandLine;
using System.Globalization;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Cli.Tables;
using DataLake.Contracts;
using DataLake.EmbeddedPostgres;
using DataLake.Iceberg;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Runs;
using DataLake.Parquet.Schema;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Secrets;
using DataLake.Pipelines.Windows;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Definitions;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Plans;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using Spectre.Console;

namespace DataLake.Cli.Commands;

/// <summary><c>lake plan TABLE</c></summary>
internal static class PlanCommand
{
    // A cautious guess at what Parquet makes of what the server sends.
    private const double Shrink = 0.4;

    private const string SampleSource = "DATALAKE_SOURCE";
    private const string SampleDatabase = "operations";

    public static Command Create()
    {
        var table = new Argument<string>("table") { Description = "The table, for example public.shipments." };
        var definitions = new Option<string>("--pipelines") { Description = "The folder (or file) of definitions.", DefaultValueFactory = _ => "pipelines" };
        var from = new Option<string?>("--from") { Description = "Plan the window that starts here, for example 'beginning'. Default: the next window, as the scheduler would plan it by the ledger; without a ledger the first." };
        var to = new Option<string?>("--to") { Description = "The first instant after the window. Default: the end of the next window; with --from, the source's clock minus the table's lag." };
        var command = new Command("plan", "Show how a table would be read, without reading a row: columns, rows, bytes, chunks, files. Example: lake plan public.shipments --pipelines samples/pipelines")
        {
            table, definitions, from, to, SharedOptions.Pipeline, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            var (pipeline, definition) = Find(parsed.GetValue(definitions)!, parsed.GetValue(SharedOptions.Pipeline), parsed.GetValue(table)!);
            await using var ledger = await LedgerAccess.TryOpenAsync(parsed, cancellation); // Its private server may be the sample source's too.
            try
            {
                var connections = await ConnectionsAsync(pipeline, parsed.GetValue(LedgerAccess.DataDirectoryOption)!, cancellation);
                var clock = await connections.ClockAsync(cancellation);
                var planned = pipeline.WindowRuleOf(definition) is not { } rule ? null
                    : parsed.GetValue(from) is { } start ? Asked(definition, Instants.Parse(start, "--from"), parsed.GetValue(to), clock)
                    : Next(definition, rule, await PlannedToAsync(ledger, pipeline, definition, cancellation), parsed.GetValue(to), clock);
                var plan = await PlanAsync(pipeline, definition, connections, planned, cancellation);
                Print(plan, parsed.GetValue(SharedOptions.Json));
                return CommandOutput.Ok;
            }
            catch (Exception error) when (error is SourceException or IcebergException)
            {
                throw new Failure(error.Message);
            }
        }));
        return command;
    }

    private static (PipelineDefinition Pipeline, TableDefinition Table) Find(string path, string? pipeline, string table)
    {
        var folder = PipelineFolder.Load(path);
        if (folder.Errors.Count > 0)
        {
            throw new Failure(string.Join(Environment.NewLine, folder.Errors));
        }

        var name = TableName.TryParse(table) ?? throw new Failure($"'{table}' is not the name of a table; write schema.table.");
        var found = folder.Files.Select(file => file.Definition).Where(definition => pipeline is null || definition.Name == pipeline)
            .Select(definition => (Pipeline: definition, Table: definition.FindTable(name))).Where(pair => pair.Table is not null).ToList();
        return found.Count switch
        {
            1 => (found[0].Pipeline, found[0].Table!),
            0 => throw new Failure($"No definition in {path} has the table {name}. They have: {string.Join(", ", folder.Files.SelectMany(file => file.Definition.Tables).Select(known => known.Table))}."),
            _ => throw new Failure($"Several pipelines have the table {name}; say which with --pipeline."),
        };
    }

    /// <summary>What is read: the replica, where the source has one.</summary>
    private static async Task<SourceConnections> ConnectionsAsync(PipelineDefinition pipeline, string dataDirectory, CancellationToken cancellation)
    {
        var connection = await ConnectionAsync(pipeline, dataDirectory, cancellation);
        try
        {
            var replica = pipeline.Source.Replica is { } reference ? new SecretResolver().Resolve(reference) : null;
            return DefinitionRules.ConnectionsOf(pipeline, connection, replica, ApplicationName.Of("plan", pipeline.Name));
        }
        catch (SecretException error)
        {
            throw new Failure(error.Message);
        }
    }

    /// <summary>The source's connection string; that of the sample source, where its private server runs and nothing else is said.</summary>
    private static async Task<string> ConnectionAsync(PipelineDefinition pipeline, string dataDirectory, CancellationToken cancellation)
    {
        try
        {
            return new SecretResolver().Resolve(pipeline.Source.Connection);
        }
        catch (SecretException error)
        {
            var isSample = pipeline.Source.Connection is { Scheme: SecretScheme.Env, Name: SampleSource };
            return isSample && await EmbeddedPostgresServer.TryAttachAsync(Path.Combine(Path.GetFullPath(dataDirectory), "postgres"), cancellation) is { } running
                ? running.ConnectionString(SampleDatabase)
                : throw new Failure(error.Message);
        }
    }

    /// <summary>Where the windows of a table end that are planned already; null before the first, and without a ledger.</summary>
    private static async Task<DateTimeOffset?> PlannedToAsync(LedgerAccess? ledger, PipelineDefinition pipeline, TableDefinition table, CancellationToken cancellation) =>
        ledger is null ? null : (await new RunPlans(ledger.Contexts, TimeProvider.System).ProgressAsync(pipeline.Name, table.Table.ToString(), cancellation)).PlannedTo;

    /// <summary>The window that somebody wants to be read again.</summary>
    private static PlannedWindow Asked(TableDefinition table, DateTimeOffset from, string? to, DateTimeOffset clock)
    {
        var window = Between(from, to, clock - table.Lag);
        return new PlannedWindow(window, window, "as asked for");
    }

    /// <summary>The next window of the schedule. Where none is closed yet, it is what has come of the open one.</summary>
    private static PlannedWindow Next(TableDefinition table, WindowRule rule, DateTimeOffset? plannedTo, string? to, DateTimeOffset clock)
    {
        var window = to is null && WindowPlanner.Plan(rule, plannedTo, clock, limit: 1) is [var next, ..] ? next : Between(plannedTo ?? rule.Start ?? Window.Beginning, to, clock - table.Lag);
        return new PlannedWindow(window, table.ReadRange(window), plannedTo is null ? "the first window" : "the next window by the ledger");
    }

    private static Window Between(DateTimeOffset from, string? to, DateTimeOffset settled)
    {
        var end = to is null ? settled : Instants.Parse(to, "--to");
        return from < end ? new Window(from, end)
            : throw new Failure($"Nothing lies between {Instants.Format(from)} and {Instants.Format(end)}{(to is null ? ", which is the source's clock minus the table's lag" : "")}. Say what to plan with --from, for example --from beginning.");
    }

    private static async Task<TablePlan> PlanAsync(
        PipelineDefinition pipeline, TableDefinition table, SourceConnections connections, PlannedWindow? planned, CancellationToken cancellation)
    {
        await using var connection = await connections.OpenAsync(cancellation);
        var source = await TableInspector.InspectAsync(connection, table.Table, cancellation);
        TableFit.Check(source, table);
        var range = planned is null ? null : DefinitionRules.RangeOf(table, source, planned.Read);
        var rules = DefinitionRules.ColumnsOf(table);
        // Field ids and the mask key do not change how a table is read.
        var mappings = TableMapping.Of(source, [.. Enumerable.Range(1, source.Columns.Count)], rules, maskKey: "plan");
        TableFit.CheckBloomFilters(source, table, mappings);
        var made = TableDesign.Check(pipeline.Name, table, ParquetTypes.ToIceberg(new ParquetSchema([.. mappings.Select(mapping => mapping.Column)])));
        var chunks = await ChunkPlanner.PlanAsync(connection, source, DefinitionRules.ChunksOf(table), range, pipeline.Source.MaxConnections, cancellation);
        var read = await ReadPlanner.PlanAsync(connection, source, mappings, chunks, cancellation);
        return new TablePlan(
            pipeline.Name, table.Table.ToString(), planned?.Window.ToString() ?? "the whole table", planned?.Why, table.Write.ToString().ToLowerInvariant(), LayoutText.Partitions(made), LayoutText.Sorts(made), table.Iceberg.Deletes.ToString().ToLowerInvariant(), made.FormatVersion, TypeFidelity.Report(source, rules), read.Rows, read.Bytes,
            Math.Max(chunks.Count, (int)Math.Ceiling(read.Bytes * Shrink / table.Files.Size)), Math.Min(chunks.Count, pipeline.Source.MaxConnections), read.Chunks);
    }

    private static void Print(TablePlan plan, bool json)
    {
        if (json)
        {
            CommandOutput.WriteJson(plan);
            return;
        }

        TextOutput.Prepare();
        Console.WriteLine($"{plan.Table} of pipeline {plan.Pipeline}: {plan.Window}{(plan.Why is { } why ? $" ({why})" : "")}, to be written as {plan.Write}{(plan.Deletes == "equality" ? " that deletes by key" : "")} (Iceberg version {plan.FormatVersion}){Layout("partitioned", plan.PartitionedBy)}{Layout("sorted", plan.SortedBy)}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"about {plan.Rows:N0} rows, {plan.Bytes / 1e6:N1} MB from the source, {plan.Files} file(s), over {plan.Connections} connection(s). Nothing was read."));
        var columns = new Table().Border(TableBorder.Rounded).AddColumn("Column").AddColumn("Source").AddColumn("Lake").AddColumn("Fidelity").AddColumn("Note");
        foreach (var column in plan.Columns)
        {
            columns.AddRow(Markup.Escape(column.Column), Markup.Escape(column.SourceType), Markup.Escape(column.LakeType), Words(column.Fidelity), Markup.Escape(column.Note));
        }

        AnsiConsole.Write(columns);
        foreach (var chunk in plan.Chunks)
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"chunk {chunk.Chunk.Number}: about {chunk.Rows:N0} rows, cost {chunk.Cost:N0}: {chunk.Chunk}"));
            Console.WriteLine($"         {string.Join(" < ", chunk.Steps)}");
        }
    }

    private static string Layout(string how, IReadOnlyList<string> by) => by.Count == 0 ? "" : $", {how} by {string.Join(", ", by)}";

    private static string Words(Fidelity fidelity) => fidelity switch
    {
        Fidelity.Exact => "[green]exact[/]",
        Fidelity.ExactAsText => "[green]exact, as text[/]",
        Fidelity.Policy => "[yellow]by policy[/]",
        _ => $"[blue]{fidelity.ToString().ToLowerInvariant()}[/]",
    };

    /// <summary>A window, what is read for it (with what may have come late), and why it is that one.</summary>
    private sealed record PlannedWindow(Window Window, Window Read, string Why);

    private sealed record TablePlan(
        string Pipeline, string Table, string Window, string? Why, string Write, IReadOnlyList<string> PartitionedBy, IReadOnlyList<string> SortedBy, string Deletes, int FormatVersion, IReadOnlyList<ColumnFidelity> Columns, long Rows, long Bytes, int Files, int Connections,
        IReadOnlyList<PlannedChunk> Chunks);
}
