using DataLake.Contracts;
using DataLake.Failpoints;
using DataLake.Iceberg;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Evolution;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Upserts;
using DataLake.Ledger.Columns;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Pipelines.Definitions;
using DataLake.Storage;

namespace DataLake.CatalogUpdater.Tables;

/// <summary>What of a batch is part of the table now.</summary>
/// <param name="RunIds">The runs, at least one.</param>
/// <param name="SnapshotId">The snapshot; null where the runs brought nothing that one could hold.</param>
public sealed record BatchOutcome(IReadOnlyList<Guid> RunIds, long? SnapshotId);

/// <summary>
/// Makes runs part of their Iceberg table in one commit. Their files are listed where they lie, nothing is copied. The run ids stand in the snapshot, so that committing a run again does nothing; the table's
/// properties say how far it is, so that the ledger can be made again from the lake.
/// </summary>
public sealed class LakeTableWriter(ICatalog catalog, TableFiles files, TableColumns tableColumns, TimeProvider time) : IDisposable
{
    private const int MostPlans = 5;

    // Keys of about one and a half million rows; more are looked for in several passes.
    private const long KeyBytes = 64L << 20;

    // Upserts of more rows take turns, so that their keys are in memory once.
    private const long LargeUpsert = 100_000;

    private readonly TableCommitter committer = new(catalog, files, time);
    private readonly ScanPlanner scans = new(files);
    private readonly UpsertPlanner upserts = new(files, new KeySearchOptions { KeyBytes = KeyBytes });
    private readonly SemaphoreSlim largeUpserts = new(1);
    private readonly RangeOverwritePlanner ranges = new(files);
    private readonly RunFiles runFiles = new(files);

    /// <inheritdoc/>
    public void Dispose() => largeUpserts.Dispose();

    /// <summary>Commits runs: those that were committed before and not noted, if there are any; else all from the first on that have the same columns.</summary>
    /// <exception cref="IcebergException">The runs do not fit the table, or it is damaged. <see cref="IcebergErrorKind.UnknownOutcome"/>: commit them again.</exception>
    /// <exception cref="StorageException">The lake cannot be read or written.</exception>
    public async Task<BatchOutcome> CommitAsync(RunBatch batch, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batch);
        for (var plan = 1; ; plan++)
        {
            try
            {
                return await PlanAndCommitAsync(batch, cancellation);
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict && plan < MostPlans)
            {
                // Maintenance, or another updater that believes it has the turn, was faster.
            }
        }
    }

    private async Task<BatchOutcome> PlanAndCommitAsync(RunBatch batch, CancellationToken cancellation)
    {
        var identifier = LakeTableNames.Of(batch.Pipeline, batch.Table.Table);
        var table = await catalog.LoadTableAsync(identifier, cancellation);
        if (table is not null)
        {
            RefuseForeign(table, batch);
            if (FindCommitted(table.Metadata, batch) is { } found) return found;
        }

        var (runs, added, columns) = await ReadFilesAsync(batch, cancellation);
        Failpoint.Pass("catalog.footers-read");
        if (table is null)
        {
            // A table without rows so far has the columns that were read.
            columns ??= await tableColumns.SchemaAsync(runs.Pipeline, runs.Table.Table.ToString(), cancellation) is { } read ? TableKey.Identify(read, runs.Table) : null;
            if (columns is null) return new BatchOutcome(runs.RunIds, null);
            table = await CreateAsync(identifier, runs, columns, cancellation);
            Failpoint.Pass("catalog.table-created");
        }

        var updates = UpdatesOf(table.Metadata, runs, columns);
        var changed = TableMetadataUpdates.Apply(table.Metadata, updates, MetadataChange.At(time, null));
        added = [.. added.Select(ofRun => ofRun.Select(file => FilePlacement.Place(changed, file)).ToList())];
        if (await PlanAsync(table, runs, added, updates, cancellation) is not { } planned)
        {
            await catalog.CommitTableAsync(table, RequirementsOf(table.Metadata), updates, cancellation);
            return new BatchOutcome(runs.RunIds, null);
        }

        var (change, discard) = planned;
        return new BatchOutcome(runs.RunIds, await CommitAsync(identifier, change with
        {
            RunIds = [.. runs.RunIds.Select(run => run.ToString())],
            Summary = runs.Summary(),
            Updates = updates,
            Requirements = RequirementsOf(table.Metadata),
        }, discard, cancellation));
    }

    /// <summary>What becomes of the table beside its rows: its columns follow the source, its layout the definition, both with the first rows that are so; and its properties say how far it is.</summary>
    private IReadOnlyList<TableUpdate> UpdatesOf(TableMetadata table, RunBatch runs, Schema? columns)
    {
        var properties = new TableUpdate.SetProperties(PropertiesOf(runs));
        if (columns is null) return [.. TableDesign.RetentionUpdates(runs.Table, table), properties];
        var evolution = SchemaEvolution.Updates($"{runs.Pipeline} {runs.Table.Table}", table, columns, keepsRows: runs.Table.Write != WriteMode.Replace);
        return [.. evolution, .. TableDesign.Updates(runs.Pipeline, runs.Table, TableMetadataUpdates.Apply(table, evolution, MetadataChange.At(time, null))), properties];
    }

    /// <summary>The runs of the batch that stand in the table's history already.</summary>
    private static BatchOutcome? FindCommitted(TableMetadata table, RunBatch batch)
    {
        var sought = batch.RunIds.ToDictionary(run => run.ToString());
        var found = new List<Guid>();
        long? newest = null;
        foreach (var snapshot in SnapshotSelection.History(table, table.CurrentSnapshot))
        {
            var runs = RunSummary.RunsOf(snapshot).Where(sought.ContainsKey).ToList();
            if (runs.Count == 0) continue;
            newest ??= snapshot.SnapshotId;
            found.AddRange(runs.Select(run => sought[run]));
        }

        return found.Count == 0 ? null : new BatchOutcome(found, newest);
    }

    /// <summary>Reads the footers of the runs' files, up to the first run with other columns: that one is a commit of its own.</summary>
    private async Task<(RunBatch Runs, IReadOnlyList<IReadOnlyList<DataFile>> Added, Schema? Columns)> ReadFilesAsync(RunBatch batch, CancellationToken cancellation)
    {
        Schema? columns = null;
        var added = new List<IReadOnlyList<DataFile>>();
        foreach (var run in batch.Runs)
        {
            var (ofRun, schema) = await runFiles.ReadAsync(run.Files, cancellation);
            if (schema is not null && columns?.IsSameAs(schema) == false) break;
            columns ??= schema;
            added.Add(ofRun);
        }

        return (batch with { Runs = [.. batch.Runs.Take(added.Count)] }, added, columns is null ? null : TableKey.Identify(columns, batch.Table));
    }

    private async Task<CatalogTable> CreateAsync(TableIdentifier identifier, RunBatch runs, Schema columns, CancellationToken cancellation) => await catalog.CreateTableAsync(
        identifier,
        TableMetadataUpdates.Creation(Guid.NewGuid(), files.LocationOf(LakeTableNames.FolderOf(identifier)), columns, properties: new Dictionary<string, string>
        {
            [LakeTableNames.PipelineProperty] = runs.Pipeline,
            [LakeTableNames.SourceTableProperty] = runs.Table.Table.ToString(),
            [MetadataFiles.DeleteAfterCommitProperty] = "true",
        }), cancellation);

    /// <summary>What the runs do to the table; null where they change no row.</summary>
    private async Task<(TableChange Change, Action Discard)?> PlanAsync(
        CatalogTable table, RunBatch runs, IReadOnlyList<IReadOnlyList<DataFile>> added, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        List<DataFile> all = [.. added.SelectMany(ofRun => ofRun)];
        var head = table.Metadata.CurrentSnapshot;
        switch (runs.Table.Write)
        {
            case WriteMode.Replace when all.Count > 0 || head is not null:
                return (TableChange.ReplaceAll(all), Nothing);
            case WriteMode.Append when runs.Runs is [{ Run: { Kind: RunKind.Backfill } backfill }]:
                var (cursor, from, to) = TableCursor.RangeOf(SchemaAfter(table, updates), runs.Table, backfill.Window);
                await RefuseRowsWithoutCursorAsync(table, cursor, cancellation);
                return Ready(await ranges.PlanAsync(table, updates, cursor.Id, from, to, all, cancellation));
            case WriteMode.Append when all.Count > 0:
                return (TableChange.Append(all), Nothing);
            case WriteMode.Upsert when all.Count > 0:
                return Ready(await PlanUpsertAsync(table, runs, added, updates, cancellation));
            default:
                return null;
        }

        static (TableChange Change, Action Discard)? Ready(ReplacementPlan plan)
        {
            Failpoint.Pass("catalog.deletes-written");
            return plan.IsEmpty ? null : (plan.Change, plan.Discard);
        }

        static void Nothing()
        {
        }
    }

    private async Task<ReplacementPlan> PlanUpsertAsync(
        CatalogTable table, RunBatch runs, IReadOnlyList<IReadOnlyList<DataFile>> added, IReadOnlyList<TableUpdate> updates, CancellationToken cancellation)
    {
        var isLarge = runs.Files.Sum(file => file.Rows) > LargeUpsert;
        if (isLarge) await largeUpserts.WaitAsync(cancellation);
        try
        {
            var key = TableKey.FieldIds(SchemaAfter(table, updates), runs.Table);
            return runs.Table.Iceberg.Deletes == DeleteForm.Equality
                ? await upserts.PlanByKeyAsync(table, updates, key, added, [], cancellation)
                : await upserts.PlanAsync(table, updates, key, added, [], cancellation);
        }
        finally
        {
            if (isLarge) largeUpserts.Release();
        }
    }

    private Schema SchemaAfter(CatalogTable table, IReadOnlyList<TableUpdate> updates) => TableMetadataUpdates.Apply(table.Metadata, updates, MetadataChange.At(time, null)).CurrentSchema;

    /// <summary>Of a row without a cursor nobody can say whether a window that is read again brings it again: it was read by another cursor, or before the beginning of time.</summary>
    private async Task RefuseRowsWithoutCursorAsync(CatalogTable table, NestedField cursor, CancellationToken cancellation)
    {
        if (cursor.Required) return;
        await foreach (var file in scans.PlanAsync(table.Metadata, table.Metadata.CurrentSnapshot, withMetrics: true, cancellation: cancellation))
        {
            if (file.Data.DataFile.NullValueCounts?.TryGetValue(cursor.Id, out var nulls) == true && nulls == 0) continue;
            throw new IcebergException(IcebergErrorKind.Invalid,
                $"Table {table.Identifier} has rows without a value in the cursor '{cursor.Name}', in '{file.Data.DataFile.FilePath}': a backfill cannot tell whether it reads them again. "
                + "Name the cursor that they were read by, or define a 'key' and write: upsert.");
        }
    }

    private async Task<long> CommitAsync(TableIdentifier identifier, TableChange change, Action discard, CancellationToken cancellation)
    {
        CommitOutcome outcome;
        try
        {
            outcome = await committer.CommitAsync(identifier, change, cancellation);
        }
        catch (Exception error) when (error is not IcebergException { Kind: IcebergErrorKind.UnknownOutcome })
        {
            discard();
            throw;
        }

        if (outcome.AlreadyCommitted) discard();
        return outcome.Snapshot.SnapshotId;
    }

    private static Dictionary<string, string> PropertiesOf(RunBatch runs)
    {
        var properties = new Dictionary<string, string> { [LakeTableNames.RunProperty] = runs.RunIds[^1].ToString() };
        if (runs.Runs.Where(run => run.Run.Kind != RunKind.Backfill).Max(run => (DateTimeOffset?)run.Run.WindowTo) is { } cursor) properties[LakeTableNames.CursorProperty] = cursor.ToString("O");
        if (runs.Runs[^1].Run.SourceLsn is { } lsn) properties[LakeTableNames.SourceLsnProperty] = lsn;
        return properties;
    }

    private static IReadOnlyList<TableRequirement> RequirementsOf(TableMetadata table) =>
    [
        new TableRequirement.AssertCurrentSchemaId(table.CurrentSchemaId), new TableRequirement.AssertLastAssignedFieldId(table.LastColumnId),
        new TableRequirement.AssertDefaultSpecId(table.DefaultSpecId), new TableRequirement.AssertLastAssignedPartitionId(table.LastPartitionId),
    ];

    /// <summary>Two tables of a source can have one name in the lake, and a name can be taken by a table that others made.</summary>
    private static void RefuseForeign(CatalogTable table, RunBatch batch)
    {
        var (pipeline, source) = (table.Metadata.Properties.GetValueOrDefault(LakeTableNames.PipelineProperty), table.Metadata.Properties.GetValueOrDefault(LakeTableNames.SourceTableProperty));
        if (pipeline == batch.Pipeline && source == batch.Table.Table.ToString()) return;
        throw new IcebergException(IcebergErrorKind.Invalid,
            $"The lake's table {table.Identifier}, which would hold {batch.Table.Table}, holds {(source is null ? "what others wrote" : $"{source} of the pipeline '{pipeline}'")}. Move one of the two to a pipeline of its own, or drop the lake's table.");
    }
}
