using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Evolution;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Tests.Upserts;

/// <summary>A table in a real lake and catalog that is upserted into, by its first column unless said otherwise, and read back by the planner and the row reader.</summary>
internal sealed class UpsertTable(CatalogFixture lake, CatalogTable created)
{
    private int files;

    public string Location => created.Metadata.Location;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<UpsertTable> CreateAsync(CatalogFixture lake, string name, Schema schema, PartitionSpec? spec = null, IReadOnlyDictionary<string, string>? properties = null, int formatVersion = 2)
    {
        var creation = TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf($"conformed/upserts/{name}"), schema, spec, null, properties, formatVersion);
        return new(lake, await lake.Catalog.CreateTableAsync(new TableIdentifier("upserts", name), creation, Cancellation));
    }

    public async Task<CatalogTable> LoadAsync() => (await lake.Catalog.LoadTableAsync(created.Identifier, Cancellation))!;

    public async Task UpgradeAsync() => await lake.Catalog.CommitTableAsync(await LoadAsync(), [], [new TableUpdate.UpgradeFormatVersion(3)], Cancellation);

    public Task<CommitOutcome> CommitAsync(ReplacementPlan plan) => new TableCommitter(lake.Catalog, lake.Files, TimeProvider.System).CommitAsync(created.Identifier, plan.Change, Cancellation);

    public async Task<ReplacementPlan> PlanAsync(
        IReadOnlyList<IReadOnlyList<DataFile>> generations, IReadOnlyList<DataFile>? deletedKeys = null, Schema? schema = null, IReadOnlyList<int>? key = null, KeySearchOptions? options = null, bool byKey = false)
    {
        var table = await LoadAsync();
        var updates = schema is null ? [] : SchemaEvolution.Updates(table.Identifier.ToString(), table.Metadata, schema);
        var planner = new UpsertPlanner(lake.Files, options);
        return await (byKey ? planner.PlanByKeyAsync(table, updates, key ?? [1], generations, deletedKeys ?? [], Cancellation) : planner.PlanAsync(table, updates, key ?? [1], generations, deletedKeys ?? [], Cancellation));
    }

    /// <summary>Changes how the table is divided and sorted.</summary>
    public async Task LayOutAsync(TableLayout layout)
    {
        var table = await LoadAsync();
        await lake.Catalog.CommitTableAsync(table, [], layout.Updates("t", table.Metadata), Cancellation);
    }

    public async Task<ReplacementPlan> UpsertAsync(params IReadOnlyList<DataFile> files)
    {
        var plan = await PlanAsync([files]);
        await CommitAsync(plan);
        return plan;
    }

    /// <summary>Plans an overwrite of the rows whose first column, unless said otherwise, lies in a half-open range.</summary>
    public async Task<ReplacementPlan> PlanRangeAsync(IcebergValue lower, IcebergValue upper, IReadOnlyList<DataFile>? added = null, Schema? schema = null, int fieldId = 1)
    {
        var table = await LoadAsync();
        var updates = schema is null ? [] : SchemaEvolution.Updates(table.Identifier.ToString(), table.Metadata, schema);
        return await new RangeOverwritePlanner(lake.Files).PlanAsync(table, updates, fieldId, lower, upper, added ?? [], Cancellation);
    }

    public Task<ReplacementPlan> PlanRangeAsync(long lower, long upper, params IReadOnlyList<DataFile> added) => PlanRangeAsync(IcebergValue.Long(lower), IcebergValue.Long(upper), added);

    public async Task AppendAsync(params IReadOnlyList<DataFile> files) =>
        await new TableCommitter(lake.Catalog, lake.Files, TimeProvider.System).CommitAsync(created.Identifier, TableChange.Append(files), Cancellation);

    /// <summary>Makes one of the files of each partition that has two or more.</summary>
    public Task<CompactionOutcome> CompactAsync(CompactionOptions? options = null) =>
        new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(created.Identifier, options ?? new CompactionOptions { MinFiles = 2 }, Cancellation);

    /// <summary>The live deletion vectors.</summary>
    public async Task<List<DataFile>> VectorsAsync()
    {
        var table = (await LoadAsync()).Metadata;
        return await new ScanPlanner(lake.Files).PlanAsync(table, table.CurrentSnapshot, cancellation: Cancellation)
            .SelectMany(file => file.Deletes.Select(delete => delete.DataFile)).Where(file => file.IsDeletionVector).ToListAsync(Cancellation);
    }

    /// <summary>Writes a data file of rows of one partition, by a spec on the first column.</summary>
    public async Task<DataFile> WriteAsync(Schema schema, PartitionSpec spec, params IReadOnlyList<IcebergValue[]> rows)
    {
        var location = $"{Location}/data/{++files:D5}.parquet";
        await using var file = lake.Files.Create(location);
        await using var writer = new ParquetFileWriter(file.Stream, ParquetTypes.ToParquet(schema), LakeFolder.Small);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++) ParquetValues.Append(writer[i], row[i]);
            await writer.EndBatchAsync(Cancellation);
        }

        var summary = await writer.CompleteAsync(Cancellation);
        await file.PublishAsync(Cancellation);
        var partition = spec.Fields.Count == 0 ? PartitionTuple.Empty : spec.Apply(rows[0][0]);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata) with { PartitionSpecId = spec.SpecId, Partition = partition };
    }

    /// <summary>Writes an unpartitioned file of ids and values.</summary>
    public Task<DataFile> WriteAsync(params IReadOnlyList<(long Id, long Value)> rows) =>
        WriteAsync(Numbers, PartitionSpec.Unpartitioned, [.. rows.Select(row => new[] { IcebergValue.Long(row.Id), IcebergValue.Long(row.Value) })]);

    /// <summary>Writes a file of ids and values where it was.</summary>
    public async Task RestoreAsync(DataFile lost, params IReadOnlyList<(long Id, long Value)> rows)
    {
        var file = await WriteAsync(rows);
        await lake.Files.WriteAllAsync(lost.FilePath, await lake.Files.ReadAllAsync(file.FilePath, 1 << 20, Cancellation), Cancellation);
    }

    public static Schema Numbers { get; } = new(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "value", PrimitiveType.Long)));

    /// <summary>The rows that the table has now, as text and in order.</summary>
    public async Task<List<string>> RowsAsync()
    {
        var table = (await LoadAsync()).Metadata;
        var files = await new ScanPlanner(lake.Files).PlanAsync(table, table.CurrentSnapshot, cancellation: Cancellation)
            .Select(file => new FileRows(file.Data.DataFile, [.. file.Deletes.Select(delete => delete.DataFile)])).ToListAsync(Cancellation);
        var rows = new List<string>();
        await foreach (var batch in new RowReader((location, _) => ValueTask.FromResult(lake.Files.OpenRead(location)), table.CurrentSchema).ReadAsync(files, Cancellation))
            foreach (var row in batch.Live) rows.Add(Text([.. batch.Columns.Select(column => column[row])]));
        rows.Sort(StringComparer.Ordinal);
        return rows;
    }

    public static string Text(params IcebergValue[] row) => string.Join('|', row);

    /// <summary>The delete files in the table's folder, whether they are part of it or not.</summary>
    public List<string> DeleteFiles(string? folder = null) =>
        [.. lake.Files.List(folder ?? $"{Location}/data").Select(file => file.Location).Where(location => location.Contains("-deletes.", StringComparison.Ordinal))];
}
