using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>Histories of changes at random against a list of rows; every snapshot keeps what it had.</summary>
public sealed class TableHistoryTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public async Task A_table_has_what_a_list_of_rows_has_after_any_history(int seed, bool isPartitioned)
    {
        var random = new Random(seed);
        var spec = isPartitioned ? new PartitionSpec(0, [PartitionField.Of(1, "id_bucket", Transform.Bucket(3))]) : PartitionSpec.Unpartitioned;
        var table = await LakeTable.CreateAsync(lake, $"history_{seed}", spec, new Dictionary<string, string> { ["commit.manifest.min-count-to-merge"] = "5" });
        var model = new SortedDictionary<long, long>();
        var snapshots = new List<(Snapshot Snapshot, (long, long)[] Rows)>();
        for (var step = 0; step < 30; step++)
        {
            var outcome = await StepAsync(random, table, model);
            snapshots.Add((outcome.Snapshot, [.. model.Select(row => (row.Key, row.Value))]));
            outcome.Snapshot.Summary["total-data-files"].ShouldBe((await table.PlanAsync()).Count.ToString(), $"seed {seed}, step {step}");
            (await table.RowsAsync()).ShouldBe(snapshots[^1].Rows, ignoreOrder: false, $"seed {seed}, step {step}, {outcome.Snapshot.Operation}");
        }

        foreach (var (snapshot, rows) in snapshots) (await table.RowsAsync(snapshot)).ShouldBe(rows, ignoreOrder: false, $"seed {seed}, snapshot {snapshot.SequenceNumber}");
        (await table.OrphansAsync()).ShouldBeEmpty();

        // What expiry removes is exactly what no snapshot needs any more.
        var later = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        var expired = await new SnapshotExpiry(lake.Catalog, lake.Files, later).ExpireAsync(table.Identifier, new ExpiryOptions { MaxSnapshotAge = TimeSpan.Zero, MinSnapshotsToKeep = 3 }, Cancellation);
        expired.Snapshots.Count.ShouldBe(snapshots.Count - 3);
        foreach (var (snapshot, rows) in snapshots.TakeLast(3)) (await table.RowsAsync(snapshot)).ShouldBe(rows, ignoreOrder: false, $"seed {seed}, snapshot {snapshot.SequenceNumber}");
        (await table.OrphansAsync()).ShouldBeEmpty();
        await OthersAgreeAsync(table, model);
    }

    private static async Task<CommitOutcome> StepAsync(Random random, LakeTable table, SortedDictionary<long, long> model)
    {
        var metadata = (await table.LoadAsync()).Metadata;
        var head = metadata.CurrentSnapshot;
        switch (random.Next(10))
        {
            case < 3:
                var fresh = Enumerable.Range(0, random.Next(1, 6)).Select(_ => (Id: random.NextInt64(1_000_000), Value: random.NextInt64(1000))).DistinctBy(row => row.Id).Where(row => !model.ContainsKey(row.Id)).ToList();
                foreach (var (id, value) in fresh) model[id] = value;
                return await table.CommitAsync(TableChange.Append(await WriteAllAsync(table, metadata, fresh)));
            case < 6:
                return await UpsertAsync(random, table, metadata, model);
            case 6:
                // Compaction of some files with their deletes.
                var files = (await table.PlanAsync()).Where(_ => random.Next(2) == 0).ToList();
                var live = new List<(long, long)>();
                foreach (var file in files) live.AddRange((await table.LiveAsync(file)).Select(row => (row.Id, row.Value)));
                if (head is null) goto default;
                return await table.CommitAsync(TableChange.Rewrite(head, [.. files.Select(file => file.Data.DataFile), .. files.SelectMany(file => file.Deletes).Select(delete => delete.DataFile)], await WriteAllAsync(table, metadata, live)));
            case 7:
                // Whole files leave.
                var gone = (await table.PlanAsync()).Where(_ => random.Next(3) == 0).ToList();
                foreach (var file in gone)
                    foreach (var (_, id, _) in await table.LiveAsync(file)) model.Remove(id);
                return await table.CommitAsync(TableChange.Overwrite(head?.SnapshotId, [.. gone.Select(file => file.Data.DataFile)], []));
            case 8 when random.Next(3) == 0:
                model.Clear();
                model[random.NextInt64(1000)] = 1;
                return await table.CommitAsync(TableChange.ReplaceAll(await WriteAllAsync(table, metadata, model.Select(row => (row.Key, row.Value)))));
            default:
                var schema = new Schema(new StructType([.. metadata.CurrentSchema.Columns.Fields, NestedField.Optional(metadata.LastColumnId + 1, $"c{metadata.LastColumnId + 1}", PrimitiveType.String)]));
                return await table.CommitAsync(TableChange.Append() with { Updates = [new TableUpdate.AddSchema(schema), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)] });
        }
    }

    /// <summary>Finds keys by the planner, deletes their rows by position, and adds new ones.</summary>
    private static async Task<CommitOutcome> UpsertAsync(Random random, LakeTable table, TableMetadata metadata, SortedDictionary<long, long> model)
    {
        var changed = model.Keys.Where(_ => random.Next(4) == 0).Append(random.NextInt64(1_000_000)).Distinct().Select(id => (Id: id, Value: random.NextInt64(1000))).ToList();
        var keys = changed.Select(row => row.Id).ToHashSet();
        var referenced = new List<DataFile>();
        var added = await WriteAllAsync(table, metadata, changed);
        var found = 0;
        foreach (var file in await table.PlanAsync(metadata.CurrentSnapshot, ColumnPredicate.In(1, keys.Select(IcebergValue.Long))))
        {
            var positions = (await table.LiveAsync(file)).Where(row => keys.Contains(row.Id)).Select(row => row.Position).ToList();
            if (positions.Count == 0) continue;
            found += positions.Count;
            referenced.Add(file.Data.DataFile);
            added.Add(await table.DeleteAsync(file.Data.DataFile, positions));
        }

        // Pruning lost none of the keys.
        found.ShouldBe(changed.Count(row => model.ContainsKey(row.Id)));
        foreach (var (id, value) in changed) model[id] = value;
        return await table.CommitAsync(TableChange.RowDelta(metadata.CurrentSnapshotId, added, referenced));
    }

    private static async Task<List<DataFile>> WriteAllAsync(LakeTable table, TableMetadata metadata, IEnumerable<(long Id, long Value)> rows)
    {
        var files = new List<DataFile>();
        foreach (var partition in rows.GroupBy(row => LakeTable.PartitionOf(metadata, row.Id)))
            foreach (var file in partition.Chunk(3)) files.Add(await table.WriteAsync(metadata, file));
        return files;
    }

    private async Task OthersAgreeAsync(LakeTable table, SortedDictionary<long, long> model)
    {
        var loaded = await table.LoadAsync();
        var icebird = await LakeReaders.IcebergAsync(lake.Lake.Resolve(lake.Files.PathOf(loaded.MetadataLocation)), Cancellation);
        icebird.Skip(1).Select(line => string.Join(',', line.Trim('[', ']').Split(',').Take(2))).Order().ShouldBe(model.Select(row => $"{row.Key},{row.Value}").Order());

        // DuckDB reads the files that our plan lists, and leaves out the positions that their delete files name.
        var plan = await table.PlanAsync();
        var data = plan.Select(file => file.Data.DataFile.FilePath["file://".Length..]).ToList();
        var deletes = plan.SelectMany(file => file.Deletes).Select(delete => delete.DataFile.FilePath["file://".Length..]).Distinct().ToList();
        if (data.Count == 0) return;
        var sql = $"SELECT count(*), sum(id)::BIGINT, sum(value)::BIGINT FROM read_parquet([{Quoted(data)}], filename=true, file_row_number=true) AS data";
        if (deletes.Count > 0) sql += $" WHERE NOT EXISTS (SELECT 1 FROM read_parquet([{Quoted(deletes)}]) AS gone WHERE gone.file_path = 'file://' || data.filename AND gone.pos = data.file_row_number)";
        (await LakeReaders.SqlAsync(sql, Cancellation)).Single(line => line.Length > 0).ShouldBe($"[{model.Count},{model.Keys.Sum()},{model.Values.Sum()}]");
    }

    private static string Quoted(IEnumerable<string> paths) => string.Join(", ", paths.Select(path => $"'{path}'"));
}
