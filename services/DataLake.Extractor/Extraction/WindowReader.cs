using DataLake.Contracts;
using DataLake.Extractor.Files;
using DataLake.Ledger.Catalog;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;
using DataLake.Pipelines.Definitions;
using DataLake.Postgres.Chunks;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Definitions;
using DataLake.Postgres.Governor;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using DataLake.ServiceDefaults.Failpoints;
using DataLake.Pipelines.Secrets;
using DataLake.ServiceDefaults.Sources;
using DataLake.ServiceDefaults.Telemetry;
using DataLake.Storage;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor.Extraction;

/// <summary>Reads the window of a run, in one snapshot of the source over as many connections as help, into published RAW files.</summary>
public sealed partial class WindowReader(
    SourcePool sources, SecretResolver secrets, LakeDirectory lake, TableColumns tableColumns, IOptions<ExtractorOptions> options, LargeRows largeRows, TimeProvider time,
    ILogger<WindowReader> logger)
{
    /// <summary>Reads the whole window.</summary>
    /// <param name="run">The claimed run.</param>
    /// <param name="pipeline">Its pipeline, in the run's version.</param>
    /// <param name="table">Its table, in the run's version.</param>
    /// <param name="onRows">Told of rows as they come, and with a negative number of those that are thrown away to be read again.</param>
    /// <param name="cancellation">Stops the read; what was published by then is for the caller to remove.</param>
    public async Task<RunReceipt> ReadAsync(Run run, PipelineDefinition pipeline, TableDefinition table, Action<long> onRows, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(pipeline);
        ArgumentNullException.ThrowIfNull(table);
        var name = ApplicationName.Of("extractor", run.Pipeline, run.Table, ApplicationName.ShortOf(run.Id));
        var pace = new ReadPace(sources.GovernorOf(pipeline), name, table.Timeout);
        try
        {
            return await pace.RunAsync(stop => ReadAsync(run, pipeline, table, pace, onRows, stop), cancellation);
        }
        finally
        {
            Measure(run, pace.Waited);
        }
    }

    /// <summary>The folder of the run's files.</summary>
    internal static string FolderOf(Run run, TableDefinition table) => LakePath.RawRun(
        run.Pipeline, run.Table, table.Sensitive.Count > 0, run.Kind == RunKind.Full ? "full" : "incremental",
        DateOnly.FromDateTime(run.PlannedAt.UtcDateTime), run.Id);

    private async Task<RunReceipt> ReadAsync(
        Run run, PipelineDefinition pipeline, TableDefinition table, ReadPace pace, Action<long> onRows, CancellationToken cancellation)
    {
        await using var snapshot = await SourceSnapshot.TakeAsync(pace.Connections, pace.SnapshotOptions(run.Window.To), cancellation);
        var source = await TableInspector.InspectAsync(snapshot.Owner, table.Table, cancellation);
        TableFit.Check(source, table);
        var range = await RangeAsync(run, pipeline, table, source, snapshot.Owner, cancellation);
        var mappings = await MapAsync(run, pipeline, table, source, cancellation);
        TableFit.CheckBloomFilters(source, table, mappings);
        var chunks = await ChunkPlanner.PlanAsync(snapshot.Owner, source, DefinitionRules.ChunksOf(table), range, pipeline.Source.MaxConnections, cancellation);
        Failpoint.Pass("extractor.snapshot-taken");

        var work = new ChunkWork(run, source, mappings, chunks, FolderOf(run, table), onRows) { Form = table.Files };
        await new ChunkReading(lake, options.Value, largeRows, pace, time, logger).ReadAsync(snapshot, work, cancellation);
        return new RunReceipt([.. work.Files.OrderBy(file => file.Number)], snapshot.Lsn);
    }

    private void Measure(Run run, TimeSpan waited)
    {
        if (waited > TimeSpan.Zero)
        {
            DataLakeTelemetry.SourceWaited.Add(waited.TotalSeconds, DataLakeTelemetry.Tags(run.Pipeline, run.Table));
            Waited(run.Table, run.Window.ToString(), waited);
        }
    }

    private static async Task<CursorRange?> RangeAsync(
        Run run, PipelineDefinition pipeline, TableDefinition table, SourceTable source, SourceConnection connection, CancellationToken cancellation)
    {
        var read = run.Kind == RunKind.Incremental ? table.ReadRange(run.Window) : run.Window;
        var range = run.Kind == RunKind.Full ? null : DefinitionRules.RangeOf(pipeline, table, source, read);
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
            column.Name, column.Type, mapping.Column.Nullable, column.Number, IsList: mapping.Column.Element is not null)).ToList();
        var ids = await tableColumns.ResolveAsync(run.Pipeline, run.Table, source.Relation, columns, cancellation);
        return [.. mappings.Zip(ids, (mapping, id) => mapping with { Column = mapping.Column.WithFieldIds(id.Column, id.Element) })];
    }

    [LoggerMessage(LogLevel.Information, "{Table} {Window}: waited {Waited} in all for the source to calm down")]
    private partial void Waited(string table, string window, TimeSpan waited);
}
