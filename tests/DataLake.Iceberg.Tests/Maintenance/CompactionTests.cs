using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Values;
using DataLake.Testing;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Maintenance;

public sealed class CompactionTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private Compaction Compaction => new(lake.Catalog, lake.Files, TimeProvider.System);

    [Fact]
    public async Task Small_files_of_a_partition_become_one_with_the_same_rows()
    {
        var table = await LakeTable.CreateAsync(lake, "small", new PartitionSpec(0, [PartitionField.Of(1, "id_bucket", Transform.Bucket(2))]));
        var metadata = (await table.LoadAsync()).Metadata;
        for (var id = 0; id < 20; id++) await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (id, -id))));
        var before = await table.LoadAsync();
        var health = await TableHealth.MeasureAsync(lake.Files, before, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation);
        (health.DataFiles, health.SmallFiles, health.Rows, health.CompactionGroups, health.CompactionFiles, health.Snapshots, health.DanglingDeleteFiles).ShouldBe((20, 20, 20, 2, 20, 20, 0));
        (health.Manifests, health.FilesWithDeletes, health.MetadataFiles).ShouldBe((20, 0, 61));

        var outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions(), Cancellation);

        (outcome.Commits, outcome.RemovedFiles, outcome.AddedFiles, outcome.HasMore, outcome.Skipped.Count).ShouldBe((1, 20, 2, false, 0));
        (await table.RowsAsync()).ShouldBe(Enumerable.Range(0, 20).Select(id => ((long)id, (long)-id)));
        (await table.RowsAsync(before.Metadata.CurrentSnapshot)).Count.ShouldBe(20);
        var after = (await table.LoadAsync()).Metadata;
        (after.CurrentSnapshot!.Operation, after.CurrentSnapshot.Summary["total-records"], after.CurrentSnapshot.Summary["total-data-files"]).ShouldBe(("replace", "20", "2"));

        // What a partition or a bound of the new files rules out holds.
        foreach (var id in new[] { 0, 7, 19 })
        {
            var found = new List<long>();
            foreach (var file in await table.PlanAsync(null, ColumnPredicate.Equal(1, IcebergValue.Long(id)))) found.AddRange((await table.LiveAsync(file)).Select(row => row.Id));
            found.ShouldContain(id);
        }

        (await Compaction.RunAsync(table.Identifier, new CompactionOptions(), Cancellation)).Commits.ShouldBe(0);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_file_that_lost_many_rows_is_written_anew_and_its_delete_file_leaves_in_the_same_commit()
    {
        var table = await LakeTable.CreateAsync(lake, "deleted");
        var metadata = (await table.LoadAsync()).Metadata;
        var (much, little) = (await table.WriteAsync(metadata, (1, 1), (2, 2), (3, 3)), await table.WriteAsync(metadata, [.. Enumerable.Range(10, 20).Select(id => ((long)id, 0L))]));
        var added = await table.CommitAsync(TableChange.Append(much, little));
        var deleted = await table.CommitAsync(TableChange.RowDelta(added.Snapshot.SnapshotId, [await table.DeleteAsync(much, 0, 2), await table.DeleteAsync(little, 5)], [much, little]));
        var rows = await table.RowsAsync();
        (await TableHealth.MeasureAsync(lake.Files, deleted.Table, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation)).ShouldSatisfyAllConditions(
            health => health.PositionDeleteFiles.ShouldBe(2), health => health.DeletedPositions.ShouldBe(3), health => health.FilesWithDeletes.ShouldBe(2), health => health.CompactionFiles.ShouldBe(1));

        var outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions(), Cancellation);

        (outcome.Commits, outcome.RemovedFiles, outcome.RemovedDeleteFiles, outcome.AddedFiles).ShouldBe((1, 1, 1, 1));
        (await table.RowsAsync()).ShouldBe(rows);
        (await table.PlanAsync()).Sum(file => file.Deletes.Count).ShouldBe(1);

        // A file of which nothing is left has no successor.
        var rest = (await table.PlanAsync()).Single(file => file.Data.DataFile.RecordCount == 1).Data.DataFile;
        await table.CommitAsync(TableChange.RowDelta((await table.LoadAsync()).Metadata.CurrentSnapshotId, [await table.DeleteAsync(rest, 0)], [rest]));
        outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions { DeletedShare = 0 }, Cancellation);
        (outcome.RemovedFiles, outcome.RemovedDeleteFiles, outcome.AddedFiles).ShouldBe((2, 2, 1));
        (await table.RowsAsync()).ShouldBe(rows.Where(row => row.Id >= 10));
    }

    [Fact]
    public async Task Delete_files_that_apply_to_nothing_leave_even_where_there_is_nothing_else_to_do()
    {
        var table = await LakeTable.CreateAsync(lake, "dangling");
        var metadata = (await table.LoadAsync()).Metadata;
        var (gone, kept) = (await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2)));
        var added = await table.CommitAsync(TableChange.Append(gone, kept));
        var deleted = await table.CommitAsync(TableChange.RowDelta(added.Snapshot.SnapshotId, [await table.DeleteAsync(gone, 0)], [gone]));
        var without = await table.CommitAsync(TableChange.Overwrite(deleted.Snapshot.SnapshotId, [gone], []));
        var health = await TableHealth.MeasureAsync(lake.Files, without.Table, new CompactionOptions(), DateTimeOffset.UtcNow, Cancellation);
        (health.CompactionGroups, health.DanglingDeleteFiles).ShouldBe((0, 1));
        MaintenanceNeeds.Of(without.Table.Metadata, health, new MaintenanceOptions(), DateTimeOffset.UtcNow, DateTimeOffset.UtcNow).Select(need => need.Operation).ShouldBe([MaintenanceOperation.Compaction]);
        var outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions(), Cancellation);
        (outcome.Commits, outcome.RemovedFiles, outcome.RemovedDeleteFiles).ShouldBe((1, 0, 1));
        (await table.RowsAsync()).ShouldBe([(2, 2)]);
        (await Compaction.RunAsync(table.Identifier, new CompactionOptions(), Cancellation)).Commits.ShouldBe(0);
    }

    [Fact]
    public async Task Many_position_delete_files_of_a_partition_become_one_and_no_data_file_is_written()
    {
        var table = await LakeTable.CreateAsync(lake, "merged", new PartitionSpec(0, [PartitionField.Of(1, "id", Transform.Identity)]));
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 4; i++) files.Add(await table.WriteAsync(metadata, [.. Enumerable.Range(0, 100).Select(value => ((long)(i % 2), (i * 1000L) + value))]));
        var head = await table.CommitAsync(TableChange.Append(files));
        for (var i = 0; i < 10; i++)
        {
            var file = files[i % 2 == 0 ? 0 : i % 4];
            head = await table.CommitAsync(TableChange.RowDelta(head.Snapshot.SnapshotId, [await table.DeleteAsync(file, i, i + 50)], [file]));
        }

        var rows = await table.RowsAsync();
        rows.Count.ShouldBe(380);
        var options = new CompactionOptions { MaxDeleteFiles = 5, MinFiles = 100 };
        (await TableHealth.MeasureAsync(lake.Files, head.Table, options, DateTimeOffset.UtcNow, Cancellation)).ShouldSatisfyAllConditions(health => health.DeleteMerges.ShouldBe(2), health => health.CompactionGroups.ShouldBe(0));

        // A writer beside it whose rows lie in the same files is not held up.
        var late = TableChange.RowDelta(head.Snapshot.SnapshotId, [await table.DeleteAsync(files[0], 99)], [files[0]]);
        var outcome = await Compaction.RunAsync(table.Identifier, options, Cancellation);
        (outcome.Commits, outcome.RemovedFiles, outcome.RemovedDeleteFiles, outcome.AddedDeleteFiles, outcome.Skipped.Count).ShouldBe((2, 0, 10, 2, 0));
        (await table.RowsAsync()).ShouldBe(rows);
        (await table.PlanAsync()).Max(file => file.Deletes.Count).ShouldBe(1);
        await table.CommitAsync(late);
        (await table.RowsAsync()).ShouldBe(rows.Where(row => row.Value != 99));
        (await Compaction.RunAsync(table.Identifier, options, Cancellation)).Commits.ShouldBe(0);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_delete_that_comes_meanwhile_spoils_only_the_group_of_its_file()
    {
        var table = await LakeTable.CreateAsync(lake, "meanwhile", new PartitionSpec(0, [PartitionField.Of(1, "id", Transform.Identity)]));
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 4; i++) files.Add(await table.WriteAsync(metadata, (i % 2, i)));
        var added = await table.CommitAsync(TableChange.Append(files));
        var change = TableChange.RowDelta(added.Snapshot.SnapshotId, [await table.DeleteAsync(files[0], 0)], [files[0]]);
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(change).GetAwaiter().GetResult());
        var options = new CompactionOptions { MinFiles = 2 };

        var outcome = await new Compaction(catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, options, Cancellation);

        (outcome.Commits, outcome.RemovedFiles, outcome.AddedFiles).ShouldBe((1, 2, 1));
        outcome.Skipped.Single().Files.Select(file => file.FilePath).ShouldBe([files[0].FilePath, files[2].FilePath], ignoreOrder: true);
        outcome.Skipped.Single().Reason.ShouldBeOfType<IcebergException>().Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.RowsAsync()).ShouldBe([(0, 2), (1, 1), (1, 3)]);
        (await table.OrphansAsync()).ShouldBeEmpty();

        // The next call plans it again.
        (await Compaction.RunAsync(table.Identifier, options, Cancellation)).RemovedFiles.ShouldBe(2);
        (await table.RowsAsync()).ShouldBe([(0, 2), (1, 1), (1, 3)]);
    }

    [Fact]
    public async Task An_append_that_comes_meanwhile_harms_nothing()
    {
        var table = await LakeTable.CreateAsync(lake, "append_meanwhile");
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2))));
        var more = await table.WriteAsync(metadata, (3, 3));
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(TableChange.Append(more)).GetAwaiter().GetResult());
        (await new Compaction(catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2 }, Cancellation)).RemovedFiles.ShouldBe(2);
        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 2), (3, 3)]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_key_that_is_deleted_meanwhile_stays_deleted()
    {
        var table = await LakeTable.CreateAsync(lake, "keys_meanwhile");
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2))));
        var keys = await table.WriteAsync((output, location) => EqualityDeleteFile.WriteAsync(output, location, LakeTable.Schema, [1], [[IcebergValue.Long(1)]], Cancellation));
        var catalog = new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(TableChange.RowDelta(null, [keys], []) with { Isolation = null }).GetAwaiter().GetResult());

        // It is no conflict: the new file is as old as its rows.
        (await new Compaction(catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2 }, Cancellation)).RemovedFiles.ShouldBe(2);
        (await table.ReadAsync()).Select(row => row[0].AsLong()).ShouldBe([2]);
        await Compaction.RunAsync(table.Identifier, new CompactionOptions { MaxDeleteFiles = 1 }, Cancellation);
        (await table.ReadAsync()).Select(row => row[0].AsLong()).ShouldBe([2]);
        (await table.PlanAsync()).Sum(file => file.Deletes.Count).ShouldBe(0);
    }

    [Fact]
    public async Task Raw_files_that_the_table_refers_to_in_place_are_read_and_stay_when_their_snapshot_expires()
    {
        var table = await LakeTable.CreateAsync(lake, "raw");
        var metadata = (await table.LoadAsync()).Metadata;
        var raw = new List<string>();
        for (var i = 0; i < 2; i++)
        {
            var file = await table.WriteAsync(metadata, (i, i));
            raw.Add(lake.Files.LocationOf($"raw/compacted/part-{i}.parquet"));
            await lake.Files.WriteAllAsync(raw[i], await lake.Files.ReadAllAsync(file.FilePath, 1 << 20, Cancellation), Cancellation);
            lake.Files.Delete(file.FilePath);
            await table.CommitAsync(TableChange.Append(file with { FilePath = raw[i] }));
        }

        await Compaction.RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2 }, Cancellation);
        var later = new ManualTimeProvider(DateTimeOffset.UtcNow.AddHours(1));
        (await new SnapshotExpiry(lake.Catalog, lake.Files, later).ExpireAsync(table.Identifier, new ExpiryOptions { MaxSnapshotAge = TimeSpan.Zero }, Cancellation)).Snapshots.Count.ShouldBe(2);
        (await table.RowsAsync()).ShouldBe([(0, 0), (1, 1)]);
        (await table.PlanAsync()).Single().Data.DataFile.FilePath.ShouldStartWith($"{table.Location}/data/");
        raw.ShouldAllBe(location => lake.Lake.Exists(lake.Files.PathOf(location)));
    }

    [Fact]
    public async Task A_call_does_as_much_as_it_may_and_the_next_one_goes_on()
    {
        var table = await LakeTable.CreateAsync(lake, "bounded", new PartitionSpec(0, [PartitionField.Of(1, "id", Transform.Identity)]));
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 8; i++) files.Add(await table.WriteAsync(metadata, (i % 4, i)));
        await table.CommitAsync(TableChange.Append(files));
        var options = new CompactionOptions { MinFiles = 2, CommitBytes = 1 };
        var outcome = await Compaction.RunAsync(table.Identifier, options with { MaxBytes = 1 }, Cancellation);
        (outcome.Commits, outcome.RemovedFiles, outcome.HasMore).ShouldBe((1, 2, true));
        outcome = await Compaction.RunAsync(table.Identifier, options with { MaxGroups = 2 }, Cancellation);
        (outcome.Commits, outcome.RemovedFiles, outcome.HasMore).ShouldBe((2, 4, true));
        outcome = await Compaction.RunAsync(table.Identifier, options, Cancellation);
        (outcome.Commits, outcome.RemovedFiles, outcome.HasMore).ShouldBe((1, 2, false));
        (await table.RowsAsync()).Select(row => row.Value).Order().ShouldBe(Enumerable.Range(0, 8).Select(value => (long)value));
    }

    [Fact]
    public async Task A_file_that_cannot_be_read_is_reported_and_keeps_no_other_from_being_compacted()
    {
        var table = await LakeTable.CreateAsync(lake, "damaged", new PartitionSpec(0, [PartitionField.Of(1, "id", Transform.Identity)]));
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 6; i++) files.Add(await table.WriteAsync(metadata, (i % 3, i)));

        // One is not there, one has another number of rows than its manifest says.
        lake.Files.Delete(files[0].FilePath);
        files[1] = files[1] with { RecordCount = 2 };
        await table.CommitAsync(TableChange.Append(files));
        var outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2 }, Cancellation);
        (outcome.RemovedFiles, outcome.AddedFiles).ShouldBe((2, 1));
        outcome.Skipped.Select(group => ((IcebergException)group.Reason).Kind).Order().ShouldBe([IcebergErrorKind.Corrupt, IcebergErrorKind.NotFound]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Keys_of_equality_deletes_that_do_not_fit_into_memory_are_looked_for_in_passes()
    {
        var table = await LakeTable.CreateAsync(lake, "too_many_keys");
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, [.. Enumerable.Range(15_000, 10_000).Select(id => ((long)id, -(long)id))])));
        var keys = await table.WriteAsync((output, location) =>
            EqualityDeleteFile.WriteAsync(output, location, LakeTable.Schema, [1], Enumerable.Range(0, 20_000).Select(id => new[] { IcebergValue.Long(id) }), Cancellation));
        await table.CommitAsync(TableChange.RowDelta(null, [keys], []) with { Isolation = null });
        var outcome = await Compaction.RunAsync(table.Identifier, new CompactionOptions { MemoryBytes = 40_000 }, Cancellation);
        (outcome.RemovedFiles, outcome.RemovedDeleteFiles, outcome.Skipped.Count).ShouldBe((1, 1, 0));
        (await table.ReadAsync()).Select(row => row[0].AsLong()).ShouldBe(Enumerable.Range(20_000, 5_000).Select(id => (long)id));
    }

    [Fact]
    public async Task Rows_are_sorted_by_the_order_of_the_table_in_memory_or_in_files()
    {
        var order = new SortOrder(1, [new SortField(2, Transform.Truncate(10), SortDirection.Descending, NullOrder.NullsFirst), new SortField(1, Transform.Identity, SortDirection.Ascending, NullOrder.NullsLast)]);
        foreach (var memory in new[] { 128 << 20, 20_000, 2_000 })
        {
            var table = await LakeTable.CreateAsync(lake, $"sorted_{memory}", order: order);
            var metadata = (await table.LoadAsync()).Metadata;
            var random = new Random(1);
            var rows = Enumerable.Range(0, 1200).Select(id => (Id: (long)id, Value: random.Next(10) == 0 ? IcebergValue.Null : IcebergValue.Long(random.Next(100)))).OrderBy(_ => random.Next()).ToList();
            var files = new List<DataFile>();
            foreach (var part in rows.Chunk(200)) files.Add(await table.WriteRowsAsync(metadata, [.. part.Select(row => new[] { IcebergValue.Long(row.Id), row.Value })]));
            await table.CommitAsync(TableChange.Append(files));

            (await Compaction.RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2, MemoryBytes = memory }, Cancellation)).AddedFiles.ShouldBe(1);

            (await table.PlanAsync()).Single().Data.DataFile.SortOrderId.ShouldBe(1);
            var expected = rows.OrderByDescending(row => row.Value.IsNull ? long.MaxValue : row.Value.AsLong() / 10).ThenBy(row => row.Id);
            (await table.ReadAsync()).Select(row => (row[0].AsLong(), row[1])).ShouldBe(expected);
            (await table.OrphansAsync()).ShouldBeEmpty();
            (await Compaction.RunAsync(table.Identifier, new CompactionOptions { LayoutDelay = TimeSpan.Zero }, Cancellation)).Commits.ShouldBe(0);
        }
    }

    [Fact]
    public async Task Files_of_other_specs_are_divided_once_they_are_enough_or_have_waited()
    {
        var table = await LakeTable.CreateAsync(lake, "divided");
        var layout = new TableLayout([new LayoutPartition("id", Transform.Truncate(10))], [new LayoutSort("value", SortDirection.Descending, NullOrder.NullsLast)]);
        var before = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(before, [.. Enumerable.Range(0, 30).Select(id => ((long)id, id * 7L % 30))])) with { Updates = layout.Updates("t", before) });
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(FilePlacement.Place(metadata, await table.WriteAsync(metadata, (31, 5), (32, 6)))));

        // One file has its partition and is not sorted, the other has neither: they wait for more.
        var options = new CompactionOptions();
        var added = await table.LoadAsync();
        var now = DateTimeOffset.UtcNow;
        (await TableHealth.MeasureAsync(lake.Files, added, options, now, Cancellation)).ShouldSatisfyAllConditions(health => health.FilesToLayOut.ShouldBe(2), health => health.CompactionGroups.ShouldBe(0));
        (await Compaction.RunAsync(table.Identifier, options, Cancellation)).Commits.ShouldBe(0);
        (await TableHealth.MeasureAsync(lake.Files, added, options with { MinFiles = 1 }, now, Cancellation)).CompactionGroups.ShouldBe(1);
        (await TableHealth.MeasureAsync(lake.Files, added, options with { TargetFileBytes = 500 }, now, Cancellation)).CompactionGroups.ShouldBe(2);
        var health = await TableHealth.MeasureAsync(lake.Files, added, options, now + options.LayoutDelay, Cancellation);
        health.CompactionGroups.ShouldBe(2);
        MaintenanceNeeds.Of(added.Metadata, health, new MaintenanceOptions(), now, now).Single().Reason.ShouldEndWith("2 are not divided or sorted as the table is");

        foreach (var memory in new[] { 600, 64 << 20 })
        {
            var later = new ManualTimeProvider(now + options.LayoutDelay);
            await new Compaction(lake.Catalog, lake.Files, later).RunAsync(table.Identifier, options with { MemoryBytes = memory }, Cancellation);
        }

        var files = (await table.PlanAsync()).ConvertAll(file => file.Data.DataFile);
        files.Select(file => (file.Partition[0].AsLong(), file.RecordCount, file.PartitionSpecId, file.SortOrderId)).Order().ShouldBe([(0, 10, 1, 1), (10, 10, 1, 1), (20, 10, 1, 1), (30, 2, 1, 1)]);
        foreach (var file in await table.PlanAsync()) (await ValuesAsync(table, file)).ShouldBeInOrder(Shouldly.SortDirection.Descending);
        (await table.ReadAsync()).Count.ShouldBe(32);
        (await table.OrphansAsync()).ShouldBeEmpty();

        // A query for one partition opens its file alone.
        (await table.PlanAsync(null, ColumnPredicate.Equal(1, IcebergValue.Long(15)))).Single().Data.DataFile.Partition[0].AsLong().ShouldBe(10);
    }

    private static async Task<List<long>> ValuesAsync(LakeTable table, ScanFile file)
    {
        var values = new List<long>();
        await foreach (var batch in new RowReader(table.Open, LakeTable.Schema).ReadAsync([LakeTable.RowsOf(file)], Cancellation))
            foreach (var row in batch.Live) values.Add(batch.Columns[1][row].AsLong());
        return values;
    }

    [Fact]
    public async Task A_compaction_that_is_stopped_in_its_commit_leaves_the_table_as_it_was_and_nothing_behind()
    {
        var table = await LakeTable.CreateAsync(lake, "stopped");
        var metadata = (await table.LoadAsync()).Metadata;
        var before = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2))));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var catalog = new InterruptedCatalog(lake.Catalog, stop.Cancel);
        await Should.ThrowAsync<OperationCanceledException>(() => new Compaction(catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2 }, stop.Token));
        (await table.LoadAsync()).MetadataLocation.ShouldBe(before.Table.MetadataLocation);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Compaction_beside_a_writer_of_upserts_loses_and_doubles_no_row()
    {
        var table = await LakeTable.CreateAsync(lake, "beside");
        var metadata = (await table.LoadAsync()).Metadata;
        for (var i = 0; i < 5; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, [.. Enumerable.Range(i * 4, 4).Select(id => ((long)id, 0L))])));
        using var done = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var skipped = new List<SkippedGroup>();
        var compaction = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
                skipped.AddRange((await Compaction.RunAsync(table.Identifier, new CompactionOptions { MinFiles = 2, DeletedShare = 0.2, MaxDeleteFiles = 2 }, Cancellation)).Skipped);
        });
        for (var (i, attempts) = (1, 0); i <= 20; attempts++)
        {
            attempts.ShouldBeLessThan(2000);
            var now = (await table.LoadAsync()).Metadata;
            var id = i * 7 % 20;
            try
            {
                foreach (var file in await table.PlanAsync(now, now.CurrentSnapshot))
                {
                    var position = (await table.LiveAsync(file)).Where(row => row.Id == id).Select(row => row.Position).ToList();
                    if (position.Count == 0) continue;
                    var data = file.Data.DataFile;
                    await table.CommitAsync(TableChange.RowDelta(now.CurrentSnapshotId, [await table.WriteAsync(now, (id, i)), await table.DeleteAsync(data, position)], [data]));
                    i++;
                    break;
                }
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict)
            {
                // Planned again.
            }
        }

        await done.CancelAsync();
        await compaction;
        (await table.RowsAsync()).ShouldBe(Enumerable.Range(1, 20).Select(i => ((long)(i * 7 % 20), (long)i)).Order());
        skipped.ShouldAllBe(group => ((IcebergException)group.Reason).Kind == IcebergErrorKind.CommitConflict);
    }
}
