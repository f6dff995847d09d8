using DataLake.Contracts;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Failpoints;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Ledger.Columns;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Parquet.Schema;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Definitions;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.Pipelines.Secrets;
using DataLake.ServiceDefaults.Sources;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Extraction;

/// <summary>Reads the windows of runs, in one snapshot of the source over as many connections as help, into published RAW files.</summary>
public sealed partial class WindowReader(
    SourcePool sources, SecretResolver secrets, LakeDirectory lake, TableColumns tableColumns, IOptions<ExtractorOptions> options, LargeRows largeRows, TimeProvider time,
    ILogger<WindowReader> logger)
{
    /// <summary>Reads the windows of runs of one pipeline, one after the other at one instant, as one read in the eyes of the source's governor. Full loads that are read together have one window.</summary>
    /// <param name="runs">The claimed runs; each is given its receipt.</param>
    /// <param name="memory">What they may use of memory.</param>
    /// <param name="timeout">The time of all, from now on.</param>
    /// <param name="onTurn">Told of each run, once there is a snapshot, before its table is looked up and again before it is read.</param>
    /// <param name="cancellation">Stops the read; what was published by then is for the caller to remove.</param>
    /// <exception cref="MemoryShortageException">They need more memory than is free; nothing was read.</exception>
    internal async Task ReadAsync(IReadOnlyList<ClaimedRun> runs, MemoryShare memory, TimeSpan timeout, Action<ClaimedRun> onTurn, CancellationToken cancellation)
    {
        var pace = new ReadPace(sources.GovernorOf(runs[0].Pipeline), NameOf(runs), timeout);
        try
        {
            await pace.RunAsync(async stop =>
            {
                await using var snapshot = await SourceSnapshot.TakeAsync(pace.Connections, pace.SnapshotOptions(runs[0].Run.Window.To), stop);
                foreach (var run in runs)
                {
                    onTurn(run);
                    run.Source = await TableInspector.InspectAsync(snapshot.Owner, run.Table.Table, stop);
                    TableFit.Check(run.Source, run.Table);
                }

                memory.Ensure(runs.Max(run => FileForm.LeastMemory(run.Source!.Columns.Count)));
                foreach (var run in runs)
                {
                    onTurn(run);
                    run.Receipt = await ReadAsync(snapshot, run, run == runs[^1], memory, pace, stop);
                }

                return true;
            }, cancellation);
        }
        finally
        {
            Measure(runs, pace.Waited);
        }
    }

    /// <summary>The folder of the run's files.</summary>
    internal static string FolderOf(Run run, TableDefinition table) => LakePath.RawRun(
        run.Pipeline, run.Table, table.Sensitive.Count > 0, run.Kind == RunKind.Full ? "full" : "incremental",
        DateOnly.FromDateTime(run.PlannedAt.UtcDateTime), run.Id);

    private async Task<RunReceipt> ReadAsync(SourceSnapshot snapshot, ClaimedRun claimed, bool isLast, MemoryShare memory, ReadPace pace, CancellationToken cancellation)
    {
        var (run, pipeline, table, source, connection) = (claimed.Run, claimed.Pipeline, claimed.Table, claimed.Source!, snapshot.Inside[0]);
        var range = await RangeAsync(run, table, source, connection, cancellation);
        var mappings = await MapAsync(run, pipeline, table, source, cancellation);
        TableFit.CheckBloomFilters(source, table, mappings);
        TableDesign.Check(run.Pipeline, table, ParquetTypes.ToIceberg(new ParquetSchema([.. mappings.Select(mapping => mapping.Column)])));
        var chunks = await ChunkPlanner.PlanAsync(connection, source, DefinitionRules.ChunksOf(table), range, pipeline.Source.MaxConnections, cancellation);
        Failpoint.Pass("extractor.snapshot-taken");

        var work = new ChunkWork(run, source, mappings, chunks, claimed.Folder, claimed.Count) { Form = table.Files };
        await new ChunkReading(lake, options.Value, largeRows, memory, pace, time, logger).ReadAsync(snapshot, work, isLast, cancellation);
        return new RunReceipt([.. work.Files.OrderBy(file => file.Number)], snapshot.Lsn, work.Processor.Seconds);
    }

    /// <summary>What the source's administrators see of the read's connections.</summary>
    private static string NameOf(IReadOnlyList<ClaimedRun> runs) => ApplicationName.Of(
        "extractor", runs[0].Run.Pipeline, runs.Count == 1 ? runs[0].Run.Table : $"{runs.Count}-tables", ApplicationName.ShortOf(runs[0].Run.Id));

    /// <summary>Tells how long the source was waited for. Runs that are read at one instant wait as one: each bears an equal share, so that no second counts twice.</summary>
    private void Measure(IReadOnlyList<ClaimedRun> runs, TimeSpan waited)
    {
        if (waited > TimeSpan.Zero)
        {
            foreach (var run in runs)
            {
                DataLakeTelemetry.SourceWaited.Add(waited.TotalSeconds / runs.Count, DataLakeTelemetry.Tags(run.Run.Pipeline, run.Run.Table));
            }

            Waited(string.Join(", ", runs.Select(run => run.Run.Table)), runs[0].Run.Window.ToString(), waited);
        }
    }

    private static async Task<CursorRange?> RangeAsync(
        Run run, TableDefinition table, SourceTable source, SourceConnection connection, CancellationToken cancellation)
    {
        var read = run.Kind == RunKind.Incremental ? table.ReadRange(run.Window) : run.Window;
        var range = run.Kind == RunKind.Full ? null : DefinitionRules.RangeOf(table, source, read);
        if (range is not null)
        {
            await range.RefuseNullsAsync(connection, cancellation);
        }

        return range;
    }

    private async Task<IReadOnlyList<ColumnMapping>> MapAsync(
        Run run, PipelineDefinition pipeline, TableDefinition table, SourceTable source, CancellationToken cancellation)
    {
        var rules = DefinitionRules.ColumnsOf(table);
        var key = rules.NeedMaskKey && pipeline.MaskKey is { } reference ? secrets.Resolve(reference) : null;
        var mappings = TableMapping.Of(source, [.. source.Columns.Select(column => column.Number)], rules, key);
        // A policy can make a column optional that the source says is NOT NULL: the catalog is told what the files will hold.
        var columns = source.Columns.Zip(mappings, (column, mapping) => new SourceColumn(
            column.Name, column.Type, mapping.Column.Nullable, column.Number, ParquetTypes.TypeOf(mapping.Column), IsList: mapping.Column.Element is not null)).ToList();
        var ids = await tableColumns.ResolveAsync(run.Pipeline, run.Table, source.Relation, columns, cancellation);
        return [.. mappings.Zip(ids, (mapping, id) => mapping with { Column = mapping.Column.WithFieldIds(id.Column, id.Element) })];
    }

    [LoggerMessage(LogLevel.Information, "{Table} {Window}: waited {Waited} in all for the source to calm down")]
    private partial void Waited(string table, string window, TimeSpan waited);
}
