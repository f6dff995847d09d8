using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>A table of ids and values in a real lake and catalog: writes its data files, and reads it back by the planner.</summary>
internal sealed class LakeTable
{
    private const int Id = 1, Value = 2, FilePath = 2147483546, Pos = 2147483545;

    private readonly ILake lake;
    private int files;

    private LakeTable(ILake lake, CatalogTable created) => (this.lake, Identifier, Location) = (lake, created.Identifier, created.Metadata.Location);

    public static Schema Schema { get; } = new(StructType.Of(NestedField.Mandatory(Id, "id", PrimitiveType.Long), NestedField.Optional(Value, "value", PrimitiveType.Long)));

    public TableIdentifier Identifier { get; }

    public string Location { get; }

    public TableCommitter Commits => new(lake.Catalog, lake.Files, TimeProvider.System);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<LakeTable> CreateAsync(ILake lake, string name, PartitionSpec? spec = null, IReadOnlyDictionary<string, string>? properties = null, SortOrder? order = null, int formatVersion = 2) =>
        new(lake, await lake.Catalog.CreateTableAsync(
            new TableIdentifier("tests", name), TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf($"conformed/tests/{name}"), Schema, spec, order, properties, formatVersion), Cancellation));

    public async Task<CatalogTable> LoadAsync() => (await lake.Catalog.LoadTableAsync(Identifier, Cancellation))!;

    public async Task UpgradeAsync(int formatVersion) => await lake.Catalog.CommitTableAsync(await LoadAsync(), [], [new TableUpdate.UpgradeFormatVersion(formatVersion)], Cancellation);

    public Task<CommitOutcome> CommitAsync(TableChange change) => Commits.CommitAsync(Identifier, change, Cancellation);

    /// <summary>Writes a data file; rows with one partition only.</summary>
    public async Task<DataFile> WriteAsync(TableMetadata table, params IReadOnlyList<(long Id, long Value)> rows)
    {
        ParquetColumn[] columns = [ParquetColumn.Of("id", PhysicalType.Int64, null, nullable: false, fieldId: Id), ParquetColumn.Of("value", PhysicalType.Int64, fieldId: Value)];
        var file = await WriteFileAsync(columns, rows.Count, (writer, row) =>
        {
            ((Int64ColumnBuffer)writer[0]).Append(rows[row].Id);
            ((Int64ColumnBuffer)writer[1]).Append(rows[row].Value);
        });
        return file with
        {
            Partition = PartitionOf(table, rows[0].Id),
            PartitionSpecId = table.DefaultSpecId,
            ValueCounts = new FieldMap<long>([new(Id, rows.Count), new(Value, rows.Count)]),
            NullValueCounts = new FieldMap<long>([new(Id, 0), new(Value, 0)]),
            LowerBounds = Bounds(rows.Min(row => row.Id), rows.Min(row => row.Value)),
            UpperBounds = Bounds(rows.Max(row => row.Id), rows.Max(row => row.Value)),
        };
    }

    public static PartitionTuple PartitionOf(TableMetadata table, long id) => table.DefaultSpec.Apply([.. table.DefaultSpec.Fields.Select(_ => IcebergValue.Long(id))]);

    /// <summary>Writes a position delete file for rows of one data file.</summary>
    public async Task<DataFile> DeleteAsync(DataFile data, params IReadOnlyList<long> positions)
    {
        ParquetColumn[] columns = [ParquetColumn.Text("file_path", nullable: false, fieldId: FilePath), ParquetColumn.Of("pos", PhysicalType.Int64, null, nullable: false, fieldId: Pos)];
        var path = System.Text.Encoding.UTF8.GetBytes(data.FilePath);
        var file = await WriteFileAsync(columns, positions.Count, (writer, row) =>
        {
            ((ByteArrayColumnBuffer)writer[0]).Append(path);
            ((Int64ColumnBuffer)writer[1]).Append(positions[row]);
        });
        return file with
        {
            Content = DataFileContent.PositionDeletes, Partition = data.Partition, PartitionSpecId = data.PartitionSpecId,
            LowerBounds = new FieldMap<ReadOnlyMemory<byte>>([new(FilePath, path)]), UpperBounds = new FieldMap<ReadOnlyMemory<byte>>([new(FilePath, path)]),
        };
    }

    /// <summary>Writes a data file by the table's schema; rows of one partition only, ids first.</summary>
    public async Task<DataFile> WriteRowsAsync(TableMetadata table, IReadOnlyList<IcebergValue[]> rows, long rowGroupRows = 1 << 20)
    {
        // The independent reader finds renamed columns by the note.
        var form = new ParquetWriterOptions
        {
            RowGroupRows = rowGroupRows, KeyValueMetadata = new Dictionary<string, string> { [ParquetTypes.SchemaNote] = System.Text.Encoding.UTF8.GetString(SchemaJson.ToUtf8(table.CurrentSchema)) },
        };
        var file = await WriteAsync((output, location) => RowsAsync(output, location, table.CurrentSchema, rows, form));
        return file with { Partition = PartitionOf(table, rows[0][0].AsLong()), PartitionSpecId = table.DefaultSpecId };
    }

    /// <summary>Writes deletion vectors of data files: the positions that are given, and those that were deleted of the files before.</summary>
    public Task<IReadOnlyList<DataFile>> WriteVectorsAsync(IEnumerable<(ScanFile File, IEnumerable<long> Positions)> deletes) => WriteAsync(async (output, location) =>
    {
        var all = new List<KeyValuePair<DataFile, PositionSet>>();
        foreach (var (file, positions) in deletes)
        {
            var set = await RowReader.PositionsAsync(Open, RowsOf(file), Cancellation);
            foreach (var position in positions) set.Add(position);
            all.Add(new(file.Data.DataFile, set));
        }

        return await DeletionVectorFile.WriteAsync(output, location, all, Cancellation);
    }, "puffin");

    /// <summary>Writes a file below the table by what is under test.</summary>
    public async Task<T> WriteAsync<T>(Func<Stream, string, Task<T>> write, string format = "parquet")
    {
        var location = $"{Location}/data/{Interlocked.Increment(ref files):D5}.{format}";
        await using var file = lake.Files.Create(location);
        var written = await write(file.Stream, location);
        await file.PublishAsync(Cancellation);
        return written;
    }

    public ValueTask<Stream> Open(string location, CancellationToken cancellation) => ValueTask.FromResult<Stream>(lake.Files.OpenRead(location));

    /// <summary>The rows of a snapshot by a schema, as our reader has them.</summary>
    public async Task<List<IcebergValue[]>> ReadAsync(Snapshot? snapshot = null)
    {
        var table = (await LoadAsync()).Metadata;
        var plan = await PlanAsync(table, snapshot ?? table.CurrentSnapshot);
        var rows = new List<IcebergValue[]>();
        await foreach (var batch in new RowReader(Open, table.CurrentSchema, batchRows: 3).ReadAsync(plan.Select(RowsOf), Cancellation))
            foreach (var row in batch.Live) rows.Add([.. batch.Columns.Select(column => column[row])]);
        return rows;
    }

    public static FileRows RowsOf(ScanFile file) => new(file.Data.DataFile, [.. file.Deletes.Select(delete => delete.DataFile)], file.Data.SequenceNumber);

    /// <summary>Row id and sequence number of the last update of a snapshot's rows, by their id.</summary>
    public async Task<SortedDictionary<long, (long? RowId, long? LastUpdated)>> LineageAsync(Snapshot? snapshot = null)
    {
        var table = (await LoadAsync()).Metadata;
        var lineage = new SortedDictionary<long, (long?, long?)>();
        await foreach (var batch in new RowReader(Open, LineageColumns.With(Schema), batchRows: 3).ReadAsync((await PlanAsync(table, snapshot ?? table.CurrentSnapshot)).Select(RowsOf), Cancellation))
            foreach (var row in batch.Live) lineage.Add(batch.Columns[0][row].AsLong(), (NumberOf(batch.Columns[^2][row]), NumberOf(batch.Columns[^1][row])));
        return lineage;

        static long? NumberOf(IcebergValue value) => value.IsNull ? null : value.AsLong();
    }

    public async Task<List<ScanFile>> PlanAsync(Snapshot? snapshot = null, params IReadOnlyList<ColumnPredicate> predicates)
    {
        var table = (await LoadAsync()).Metadata;
        return await PlanAsync(table, snapshot ?? table.CurrentSnapshot, predicates);
    }

    public async Task<List<ScanFile>> PlanAsync(TableMetadata table, Snapshot? snapshot, params IReadOnlyList<ColumnPredicate> predicates) =>
        await new ScanPlanner(lake.Files).PlanAsync(table, snapshot, predicates.Count == 0 ? null : new FileFilter(table, predicates), withMetrics: true, Cancellation).ToListAsync(Cancellation);

    /// <summary>The rows that a snapshot has, in order: those of its files without the deleted ones.</summary>
    public async Task<List<(long Id, long Value)>> RowsAsync(Snapshot? snapshot = null)
    {
        var rows = new List<(long, long)>();
        foreach (var file in await PlanAsync(snapshot)) rows.AddRange((await LiveAsync(file)).Select(row => (row.Id, row.Value)));
        rows.Sort();
        return rows;
    }

    public async Task<List<(long Position, long Id, long Value)>> LiveAsync(ScanFile file)
    {
        var deleted = new HashSet<long>();
        foreach (var delete in file.Deletes)
        {
            if (delete.DataFile.IsDeletionVector)
            {
                deleted.UnionWith(await RowReader.PositionsAsync(Open, RowsOf(file), Cancellation));
                continue;
            }

            await using var reader = await ParquetFileReader.OpenAsync(lake.Files.OpenRead(delete.DataFile.FilePath), cancellationToken: Cancellation);
            using var paths = (ByteArrayColumnValues)await reader.ReadColumnAsync(0, 0, Cancellation);
            using var positions = (FixedWidthColumnValues<long>)await reader.ReadColumnAsync(0, 1, Cancellation);
            for (var i = 0; i < positions.RowCount; i++)
                if (System.Text.Encoding.UTF8.GetString(paths[i]) == file.Data.DataFile.FilePath) deleted.Add(positions.Values[i]);
        }

        await using var data = await ParquetFileReader.OpenAsync(lake.Files.OpenRead(file.Data.DataFile.FilePath), cancellationToken: Cancellation);
        using var ids = (FixedWidthColumnValues<long>)await data.ReadColumnAsync(0, 0, Cancellation);
        using var values = (FixedWidthColumnValues<long>)await data.ReadColumnAsync(0, 1, Cancellation);
        var live = new List<(long, long, long)>();
        for (var i = 0; i < ids.RowCount; i++)
            if (!deleted.Contains(i)) live.Add((i, ids.Values[i], values.Values[i]));
        return live;
    }

    /// <summary>The files of the table's folder that no snapshot or pointer of the table needs.</summary>
    public async Task<List<string>> OrphansAsync()
    {
        var table = await LoadAsync();
        var needed = new HashSet<string>(table.Metadata.MetadataLog.Select(entry => entry.MetadataFile)) { table.MetadataLocation };
        var reader = new SnapshotReader(lake.Files);
        foreach (var snapshot in table.Metadata.Snapshots)
        {
            needed.Add(snapshot.ManifestList!);
            foreach (var manifest in await reader.ManifestsAsync(snapshot, Cancellation))
            {
                needed.Add(manifest.ManifestPath);
                await foreach (var entry in reader.EntriesAsync(manifest, false, Cancellation)) needed.Add(entry.DataFile.FilePath);
            }
        }

        return [.. lake.Files.List(Location).Select(file => file.Location).Where(location => !needed.Contains(location))];
    }

    private static async Task<DataFile> RowsAsync(Stream output, string location, Schema schema, IEnumerable<IcebergValue[]> rows, ParquetWriterOptions form)
    {
        await using var writer = new ParquetFileWriter(output, ParquetTypes.ToParquet(schema), form);
        foreach (var row in rows)
        {
            for (var i = 0; i < row.Length; i++) ParquetValues.Append(writer[i], row[i]);
            await writer.EndBatchAsync(Cancellation);
        }

        var summary = await writer.CompleteAsync(Cancellation);
        return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
    }

    private Task<DataFile> WriteFileAsync(ParquetColumn[] columns, int rows, Action<ParquetFileWriter, int> append)
    {
        return WriteAsync(async (output, location) =>
        {
            await using var writer = new ParquetFileWriter(output, new ParquetSchema(columns), new ParquetWriterOptions());
            for (var row = 0; row < rows; row++) append(writer, row);
            await writer.EndBatchAsync(Cancellation);
            var summary = await writer.CompleteAsync(Cancellation);
            return new DataFile { FilePath = location, RecordCount = summary.RowCount, FileSizeInBytes = summary.ByteLength };
        });
    }

    private static FieldMap<ReadOnlyMemory<byte>> Bounds(long id, long value) => new([new(Id, SingleValueBinary.ToBytes(IcebergValue.Long(id))), new(Value, SingleValueBinary.ToBytes(IcebergValue.Long(value)))]);
}
