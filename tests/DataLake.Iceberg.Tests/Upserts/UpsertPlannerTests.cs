using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Upserts;

public sealed class UpsertPlannerTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_upsert_whose_keys_somebody_added_meanwhile_is_planned_again(int version)
    {
        var table = await CreateAsync($"conflict_{version}", version);
        await table.UpsertAsync(await table.WriteAsync((1, 10), (2, 20), (9, 90)));
        var mine = await table.WriteAsync((2, 21), (5, 50));
        var plan = await table.PlanAsync([[mine]]);

        // An append: nothing of the table is replaced, and the key is ours all the same.
        await table.UpsertAsync(await table.WriteAsync((5, 55)));
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(plan))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        plan.Discard();

        var again = await table.UpsertAsync(mine);
        again.RowsReplaced.ShouldBe(2);
        (await table.RowsAsync()).ShouldBe(["1|10", "2|21", "5|50", "9|90"]);
        table.DeleteFiles().ShouldBe(again.DeleteFiles.Select(file => file.FilePath).Distinct());
    }

    [Fact]
    public async Task A_key_that_is_new_to_the_table_and_added_by_two_is_a_conflict_too()
    {
        var table = await CreateAsync("both_new");
        var (mine, theirs) = (await table.WriteAsync((1, 1)), await table.WriteAsync((1, 2)));
        var plan = await table.PlanAsync([[mine]]);
        await table.UpsertAsync(theirs);
        plan.DeleteFiles.ShouldBeEmpty();
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(plan))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        await table.UpsertAsync(mine);
        (await table.RowsAsync()).ShouldBe(["1|1"]);
    }

    [Fact]
    public async Task Commits_of_other_keys_do_not_matter_to_an_upsert()
    {
        var table = await CreateAsync("elsewhere");
        await table.UpsertAsync(await table.WriteAsync((1, 10), (2, 20)), await table.WriteAsync((100, 1), (101, 1)));
        var replacing = await table.PlanAsync([[await table.WriteAsync((2, 21), (3, 30))]]);
        var appending = await table.PlanAsync([[await table.WriteAsync((50, 50))]]);
        await table.UpsertAsync(await table.WriteAsync((101, 2), (200, 2)));
        await table.CommitAsync(replacing);
        var outcome = await table.CommitAsync(appending);

        outcome.Snapshot.Operation.ShouldBe("append");
        (await table.RowsAsync()).ShouldBe(["100|1", "101|2", "1|10", "200|2", "2|21", "3|30", "50|50"]);
    }

    [Fact]
    public async Task An_upsert_by_key_reads_no_file_of_the_table_and_fits_whatever_others_commit_meanwhile()
    {
        var table = await CreateAsync("by_key");
        var old = await table.WriteAsync((1, 10), (2, 20), (9, 90));
        await table.UpsertAsync(old);
        var plan = await table.PlanAsync([[await table.WriteAsync((2, 21), (5, 50))]], byKey: true);

        // Not even one that is gone.
        lake.Files.Delete(old.FilePath);
        (await table.PlanAsync([[await table.WriteAsync((2, 22))]], byKey: true)).Discard();
        await table.RestoreAsync(old, (1, 10), (2, 20), (9, 90));
        await table.AppendAsync(await table.WriteAsync((5, 55), (6, 60)));
        (await table.CommitAsync(plan)).Snapshot.Summary["added-equality-deletes"].ShouldBe("2");
        (await table.RowsAsync()).ShouldBe(["1|10", "2|21", "5|50", "6|60", "9|90"]);

        // Keys that no file of the table can hold leave nothing to delete; but then nobody else may add them.
        var elsewhere = await table.PlanAsync([[await table.WriteAsync((100, 1))]], byKey: true);
        elsewhere.DeleteFiles.ShouldBeEmpty();
        await table.AppendAsync(await table.WriteAsync((100, 2)));
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(elsewhere))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
    }

    [Fact]
    public async Task A_key_that_comes_twice_is_resolved_or_refused_in_an_upsert_by_key_too()
    {
        var table = await CreateAsync("by_key_twice");
        await table.UpsertAsync(await table.WriteAsync((1, 10), (2, 20)));
        var plan = await table.PlanAsync([[await table.WriteAsync((1, 11), (3, 30))], [await table.WriteAsync((1, 12))]], [await table.WriteAsync((2, 0))], byKey: true);
        (plan.RowsReplaced, plan.DeleteFiles.Count).ShouldBe((1, 2));
        await table.CommitAsync(plan);
        (await table.RowsAsync()).ShouldBe(["1|12", "3|30"]);
        (await Should.ThrowAsync<IcebergException>(async () => await table.PlanAsync([[await table.WriteAsync((4, 1), (4, 2))]], byKey: true))).Message.ShouldContain("that another new row of the same load has too");
    }

    [Fact]
    public async Task A_key_that_moved_to_another_partition_leaves_the_one_it_was_in_and_compaction_beside_it_is_no_conflict()
    {
        var table = await UpsertTable.CreateAsync(lake, "by_key_moved", UpsertTable.Numbers);
        await table.LayOutAsync(new TableLayout([new LayoutPartition("value", Transform.Identity)], []));
        async Task<DataFile> Write(params (long, long)[] rows) => FilePlacement.Place((await table.LoadAsync()).Metadata, await table.WriteAsync(rows));
        await table.UpsertAsync(await Write((1, 7), (2, 7)), await Write((3, 8)), await Write((4, 8), (5, 9)));
        (await table.LoadAsync()).Metadata.CurrentSnapshot!.Summary["changed-partition-count"].ShouldBe("3");
        var plan = await table.PlanAsync([[await Write((1, 8))]], byKey: true);
        var compaction = new Compaction(new InterruptedCatalog(lake.Catalog, () => table.CommitAsync(plan).GetAwaiter().GetResult()), lake.Files, TimeProvider.System);
        var outcome = await compaction.RunAsync((await table.LoadAsync()).Identifier, new CompactionOptions { LayoutDelay = TimeSpan.Zero }, CancellationToken.None);
        (outcome.RemovedFiles, outcome.AddedFiles, outcome.Skipped.Count).ShouldBe((1, 2, 0));
        (await table.RowsAsync()).ShouldBe(["1|8", "2|7", "3|8", "4|8", "5|9"]);
    }

    [Fact]
    public async Task Keys_are_compared_by_the_schema_that_the_commit_brings()
    {
        Schema Of(params NestedField[] fields) => new(StructType.Of(fields), identifierFieldIds: [1]);
        var narrow = Of(NestedField.Mandatory(1, "id", PrimitiveType.Int), NestedField.Mandatory(2, "value", PrimitiveType.Int));
        var wide = Of(NestedField.Mandatory(1, "number", PrimitiveType.Long), NestedField.Optional(3, "note", PrimitiveType.String), NestedField.Optional(2, "value", PrimitiveType.Int));
        var table = await UpsertTable.CreateAsync(lake, "evolved", narrow);
        Task<DataFile> Narrow(params (int Id, int Value)[] rows) =>
            table.WriteAsync(narrow, PartitionSpec.Unpartitioned, [.. rows.Select(row => new[] { IcebergValue.Int(row.Id), IcebergValue.Int(row.Value) })]);
        await table.UpsertAsync(await Narrow((1, 10), (2, 20)));
        var file = await table.WriteAsync(
            wide, PartitionSpec.Unpartitioned, [IcebergValue.Long(2), IcebergValue.String("x"), IcebergValue.Null], [IcebergValue.Long(1L << 40), IcebergValue.Null, IcebergValue.Int(4)]);
        var plan = await table.PlanAsync([[file]], schema: wide);

        // The filter of conflicts is asked about a table that has not the wider column yet.
        await table.UpsertAsync(await Narrow((-7, 0)));
        await table.CommitAsync(plan);
        (await table.RowsAsync()).ShouldBe(["-7|null|0", "1099511627776|null|4", "1|null|10", "2|x|null"]);
        (await table.LoadAsync()).Metadata.CurrentSchema.Columns.Fields.Select(field => field.Name).ShouldBe(["number", "note", "value"]);

        // And the other way round: a file that was written before the column was widened.
        (await table.UpsertAsync(await Narrow((2, 22), (-7, 7)))).RowsReplaced.ShouldBe(2);
        (await table.RowsAsync()).ShouldBe(["-7|null|7", "1099511627776|null|4", "1|null|10", "2|null|22"]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Waiting_runs_are_one_snapshot_in_which_the_latest_row_of_a_key_wins(int version)
    {
        var table = await CreateAsync($"generations_{version}", version);
        await table.UpsertAsync(await table.WriteAsync((1, 0), (2, 0), (3, 0)));
        var plan = await table.PlanAsync(
        [
            [await table.WriteAsync((1, 1), (4, 1)), await table.WriteAsync((5, 1))],
            [await table.WriteAsync((1, 2), (5, 2))],
            [],
            [await table.WriteAsync((5, 3), (6, 3))],
        ]);
        var outcome = await table.CommitAsync(plan);

        (await table.RowsAsync()).ShouldBe(["1|2", "2|0", "3|0", "4|1", "5|3", "6|3"]);
        plan.RowsReplaced.ShouldBe(4);
        (outcome.Snapshot.SequenceNumber, outcome.Snapshot.Summary["added-position-deletes"]).ShouldBe((2, "4"));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Deleted_keys_leave_the_table_and_not_the_rows_that_come_with_them(int version)
    {
        var table = await CreateAsync($"deleted_{version}", version);
        await table.UpsertAsync(await table.WriteAsync((1, 1), (2, 2), (3, 3)));
        await table.CommitAsync(await table.PlanAsync([[await table.WriteAsync((2, 22), (4, 4))]], [await table.WriteAsync((2, 0), (3, 0), (8, 0))]));
        (await table.RowsAsync()).ShouldBe(["1|1", "2|22", "4|4"]);

        var outcome = await table.CommitAsync(await table.PlanAsync([], [await table.WriteAsync((1, 0))]));
        outcome.Snapshot.Operation.ShouldBe("delete");
        (await table.RowsAsync()).ShouldBe(["2|22", "4|4"]);

        // What is gone already is not deleted once more.
        (await table.PlanAsync([], [await table.WriteAsync((1, 0), (3, 0))])).RowsReplaced.ShouldBe(0);
        await table.CommitAsync(await table.PlanAsync([[]]));
        (await table.RowsAsync()).ShouldBe(["2|22", "4|4"]);
    }

    [Fact]
    public async Task A_key_that_comes_twice_in_one_run_is_refused_by_table_file_and_row()
    {
        var table = await CreateAsync("doubled");
        await table.UpsertAsync(await table.WriteAsync((1, 1)));
        var (file, other) = (await table.WriteAsync([.. Enumerable.Range(0, 250).Select(i => ((long)i, 0L))]), await table.WriteAsync((900, 1), (149, 1)));
        var error = await Should.ThrowAsync<IcebergException>(() => table.PlanAsync([[file, other]]));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        error.Message.ShouldBe(
            $"Table upserts.doubled: {other.FilePath} has in row 1 a key (id) that another new row of the same load has too; it cannot be told which of them is the newer. "
            + "Choose as the key columns that are unique in the source.");

        // In a later generation as well, in the third row group; between generations it is what generations are for.
        var twice = await table.WriteAsync([.. Enumerable.Range(1000, 250).Select(i => ((long)i, 0L)), (1003, 1)]);
        (await Should.ThrowAsync<IcebergException>(() => table.PlanAsync([[file], [twice]]))).Message.ShouldContain($"{twice.FilePath} has in row 250 a key");
        (await table.PlanAsync([[file], [other]])).RowsReplaced.ShouldBe(2);
    }

    [Fact]
    public async Task A_plan_that_cannot_be_made_says_of_which_table_and_leaves_no_file()
    {
        var table = await CreateAsync("failed");
        await table.UpsertAsync(await table.WriteAsync((1, 1), (2, 2)));
        var strange = await table.WriteAsync((1, 2)) with { PartitionSpecId = 7 };
        var later = await table.WriteAsync((1, 3));
        (await Should.ThrowAsync<IcebergException>(() => table.PlanAsync([[strange], [later]]))).Message.ShouldContain("no partition spec 7");
        (await Should.ThrowAsync<IcebergException>(() => table.PlanAsync([[strange]], key: [2, 9]))).Message.ShouldContain("Table upserts.failed: The key has the field 9, which is no column of the schema");
        table.DeleteFiles().ShouldBeEmpty();
    }

    [Fact]
    public async Task Delete_files_lie_where_the_table_puts_its_data_and_files_out_of_the_bounds_are_not_opened()
    {
        var elsewhere = lake.Files.LocationOf("conformed/upserts/elsewhere_data");
        var table = await UpsertTable.CreateAsync(lake, "placed", UpsertTable.Numbers, properties: new Dictionary<string, string> { ["write.data.path"] = elsewhere });
        var (low, high) = (await table.WriteAsync((1, 1), (2, 2)), await table.WriteAsync((100, 1), (200, 2)));
        await table.UpsertAsync(low, high);
        lake.Files.Delete(high.FilePath);
        var plan = await table.UpsertAsync(await table.WriteAsync((2, 22), (99, 1)));
        table.DeleteFiles(elsewhere).ShouldBe([plan.DeleteFiles.Single().FilePath]);
        (plan.DeleteFiles.Single().ReferencedDataFile, table.DeleteFiles().Count).ShouldBe((low.FilePath, 0));
    }

    [Fact]
    public async Task An_upsert_of_an_upgraded_table_takes_its_position_deletes_into_vectors()
    {
        var table = await CreateAsync("upgraded");
        var (first, second) = (await table.WriteAsync((1, 0), (2, 0), (3, 0)), await table.WriteAsync((4, 0), (5, 0), (6, 0)));
        await table.AppendAsync(first, second);
        var old = await table.UpsertAsync(await table.WriteAsync((1, 1), (4, 1)));
        old.DeleteFiles.Single().IsDeletionVector.ShouldBeFalse();
        var waiting = await table.PlanAsync([[await table.WriteAsync((3, 1))]]);
        await table.UpgradeAsync();

        // Planned for version 2, it would add what version 3 does not have.
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(waiting))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        waiting.Discard();
        var plan = await table.UpsertAsync(await table.WriteAsync((2, 2)));
        (plan.RowsReplaced, plan.DeleteFiles.Single().IsDeletionVector, plan.DeleteFiles.Single().RecordCount, plan.DeleteFiles.Single().ReferencedDataFile).ShouldBe((1, true, 2, first.FilePath));
        await table.UpsertAsync(await table.WriteAsync((5, 2), (1, 2)));
        (await table.RowsAsync()).ShouldBe(["1|2", "2|2", "3|0", "4|1", "5|2", "6|0"]);
        (await table.VectorsAsync()).ToDictionary(vector => vector.ReferencedDataFile!, vector => vector.RecordCount)
            .ShouldBe(new Dictionary<string, long> { [first.FilePath] = 2, [second.FilePath] = 2, [old.Change.AddedFiles[0].FilePath] = 1 }, ignoreOrder: true);
    }

    private Task<UpsertTable> CreateAsync(string name, int version = 2) => UpsertTable.CreateAsync(lake, name, UpsertTable.Numbers, formatVersion: version);
}
