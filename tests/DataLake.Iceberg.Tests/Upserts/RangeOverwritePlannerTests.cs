using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Upserts;
using DataLake.Iceberg.Values;
using DataLake.Parquet;
using DataLake.Parquet.Reading;

namespace DataLake.Iceberg.Tests.Upserts;

public sealed class RangeOverwritePlannerTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    [Fact]
    public async Task A_range_takes_its_lower_edge_and_leaves_its_upper_one()
    {
        var table = await CreateAsync("edges");
        var (within, across) = (await table.WriteAsync((5, 1), (7, 1), (9, 1)), await table.WriteAsync((4, 2), (5, 2), (9, 2), (10, 2)));
        await table.AppendAsync(await table.WriteAsync((1, 0), (4, 0)), within, across, await table.WriteAsync((10, 3), (11, 3)));
        var plan = await table.PlanRangeAsync(5, 10, await table.WriteAsync((6, 9)));
        var outcome = await table.CommitAsync(plan);

        (await table.RowsAsync()).ShouldBe(["10|2", "10|3", "11|3", "1|0", "4|0", "4|2", "6|9"]);
        plan.Change.RemovedFiles.Single().FilePath.ShouldBe(within.FilePath);
        plan.Change.ReferencedFiles.Single().FilePath.ShouldBe(across.FilePath);
        (plan.RowsReplaced, outcome.Snapshot.Operation, outcome.Snapshot.Summary["total-records"]).ShouldBe((5, "overwrite", "9"));
    }

    [Fact]
    public async Task Only_files_that_lie_across_an_edge_are_opened()
    {
        var table = await CreateAsync("unopened");
        DataFile[] files = [await table.WriteAsync((1, 0), (4, 0)), await table.WriteAsync((5, 1), (9, 1)), await table.WriteAsync((10, 3), (11, 3)), await table.WriteAsync((9, 3), (10, 3))];
        await table.AppendAsync(files);
        foreach (var file in files[..3]) lake.Files.Delete(file.FilePath);
        (await table.PlanRangeAsync(5, 10)).RowsReplaced.ShouldBe(3);

        lake.Files.Delete(files[3].FilePath);
        (await Should.ThrowAsync<IcebergException>(() => table.PlanRangeAsync(5, 10))).Message.ShouldContain(files[3].FilePath);
        (await table.PlanRangeAsync(0, 5)).RowsReplaced.ShouldBe(2);
    }

    [Fact]
    public async Task Row_groups_that_lie_outside_are_not_read()
    {
        var table = await CreateAsync("row_groups");
        var file = await table.WriteAsync([.. Enumerable.Range(0, 300).Select(id => ((long)id, 0L))]);
        await table.AppendAsync(file);
        var path = lake.Lake.Resolve(lake.Files.PathOf(file.FilePath));
        long damaged;
        await using (var reader = await ParquetFileReader.OpenAsync(path)) damaged = reader.Metadata.RowGroups[1].Columns[0].DataPageOffset;
        await using (var bytes = File.OpenWrite(path))
        {
            bytes.Position = damaged;
            bytes.Write(Enumerable.Repeat((byte)0xFF, 16).ToArray());
        }

        (await table.PlanRangeAsync(50, 100)).RowsReplaced.ShouldBe(50);
        (await table.PlanRangeAsync(200, 299)).RowsReplaced.ShouldBe(99);
        await Should.ThrowAsync<ParquetException>(() => table.PlanRangeAsync(50, 101));
    }

    [Fact]
    public async Task Ranges_without_a_limit_and_empty_ones_are_what_they_say()
    {
        var table = await CreateAsync("limits");
        await table.AppendAsync(await table.WriteAsync((long.MinValue, 0), (-1, 0), (0, 0), (long.MaxValue, 0)));
        (await table.PlanRangeAsync(3, 3)).IsEmpty.ShouldBeTrue();
        (await table.PlanRangeAsync(3, 2, await table.WriteAsync((0, 1)))).Change.Operation.ShouldBe("append");
        (await table.PlanRangeAsync(IcebergValue.Null, IcebergValue.Long(long.MinValue))).IsEmpty.ShouldBeTrue();
        (await table.PlanRangeAsync(1, long.MaxValue)).IsEmpty.ShouldBeTrue();

        await table.CommitAsync(await table.PlanRangeAsync(IcebergValue.Null, IcebergValue.Long(0)));
        (await table.RowsAsync()).ShouldBe(["0|0", "9223372036854775807|0"]);
        var rest = await table.PlanRangeAsync(IcebergValue.Long(0), IcebergValue.Null);
        (await table.CommitAsync(rest)).Snapshot.Operation.ShouldBe("delete");
        (await table.RowsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Rows_without_a_value_stay()
    {
        var table = await CreateAsync("nulls");
        Task<DataFile> Write(params (long Id, long? Value)[] rows) => table.WriteAsync(
            UpsertTable.Numbers, PartitionSpec.Unpartitioned, [.. rows.Select(row => new[] { IcebergValue.Long(row.Id), row.Value is { } value ? IcebergValue.Long(value) : IcebergValue.Null })]);
        await table.AppendAsync(await Write((1, null), (2, 10), (3, 19), (4, 20)), await Write((5, 12), (6, null)), await Write((7, null)), await Write((8, 15)));
        var plan = await table.PlanRangeAsync(IcebergValue.Long(10), IcebergValue.Long(20), fieldId: 2);
        await table.CommitAsync(plan);
        (await table.RowsAsync()).ShouldBe(["1|null", "4|20", "6|null", "7|null"]);
        plan.Change.RemovedFiles.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_is_deleted_already_is_not_deleted_again_and_a_file_of_which_nothing_is_left_leaves(int version)
    {
        var table = await CreateAsync($"again_{version}", version);
        var file = await table.WriteAsync([.. Enumerable.Range(0, 350).Select(id => ((long)id, 0L))]);
        await table.AppendAsync(file);
        await table.CommitAsync(await table.PlanRangeAsync(100, 250));
        var more = await table.PlanRangeAsync(90, 260);
        await table.CommitAsync(more);
        more.RowsReplaced.ShouldBe(20);
        (await table.PlanRangeAsync(95, 255)).IsEmpty.ShouldBeTrue();
        (await table.RowsAsync()).Count.ShouldBe(180);

        await table.CommitAsync(await table.PlanRangeAsync(260, 350));
        var last = await table.PlanRangeAsync(0, 349);
        (last.Change.RemovedFiles.Single().FilePath, last.DeleteFiles.Count).ShouldBe((file.FilePath, 0));
        await table.CommitAsync(last);
        (await table.RowsAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(TypeId.Date)]
    [InlineData(TypeId.Timestamp)]
    [InlineData(TypeId.Timestamptz)]
    [InlineData(TypeId.Int)]
    public async Task Days_and_times_before_and_after_1970_are_in_order(TypeId typeId)
    {
        var (type, of) = typeId switch
        {
            TypeId.Date => (PrimitiveType.Date, (Func<int, IcebergValue>)IcebergValue.Date),
            TypeId.Timestamp => (PrimitiveType.Timestamp, number => IcebergValue.Timestamp(number)),
            TypeId.Timestamptz => (PrimitiveType.Timestamptz, number => IcebergValue.Timestamptz(number)),
            _ => (PrimitiveType.Int, IcebergValue.Int),
        };
        var schema = new Schema(StructType.Of(NestedField.Optional(1, "at", type)));
        var table = await UpsertTable.CreateAsync(lake, $"types_{typeId}", schema);
        await table.AppendAsync(await table.WriteAsync(schema, PartitionSpec.Unpartitioned, [.. Enumerable.Range(-300, 600).Select(number => new[] { of(number) })]));
        var plan = await table.PlanRangeAsync(of(-250), of(120), [await table.WriteAsync(schema, PartitionSpec.Unpartitioned, [of(7)])]);
        await table.CommitAsync(plan);
        plan.RowsReplaced.ShouldBe(370);
        (await table.RowsAsync()).ShouldBe([.. Enumerable.Range(-300, 50).Concat(Enumerable.Range(120, 180)).Append(7).Select(number => of(number).ToString()).Order(StringComparer.Ordinal)]);
    }

    [Fact]
    public async Task A_column_that_was_widened_renamed_or_added_is_found_in_old_files_too()
    {
        var narrow = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Int)));
        var wide = new Schema(StructType.Of(NestedField.Mandatory(1, "number", PrimitiveType.Long), NestedField.Optional(2, "added", PrimitiveType.Long)));
        var table = await UpsertTable.CreateAsync(lake, "range_evolved", narrow);
        await table.AppendAsync(await table.WriteAsync(narrow, PartitionSpec.Unpartitioned, [.. Enumerable.Range(0, 250).Select(id => new[] { IcebergValue.Int(id) })]));
        var added = await table.WriteAsync(wide, PartitionSpec.Unpartitioned, [IcebergValue.Long(1L << 40), IcebergValue.Long(5)]);
        var plan = await table.PlanRangeAsync(IcebergValue.Long(3), IcebergValue.Long(1L << 33), [added], wide);

        // The filter of conflicts is asked about a table that has not the wider column yet.
        await table.AppendAsync(await table.WriteAsync(narrow, PartitionSpec.Unpartitioned, [IcebergValue.Int(2)]));
        await table.CommitAsync(plan);
        (await table.RowsAsync()).ShouldBe(["0|null", "1099511627776|5", "1|null", "2|null", "2|null"]);

        var byAdded = await table.PlanRangeAsync(IcebergValue.Long(0), IcebergValue.Long(6), fieldId: 2);
        byAdded.Change.RemovedFiles.Single().FilePath.ShouldBe(added.FilePath);
        byAdded.RowsReplaced.ShouldBe(1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Rows_that_somebody_adds_within_the_range_are_a_conflict_and_others_are_not(int version)
    {
        var table = await CreateAsync($"range_conflict_{version}", version);
        await table.AppendAsync(await table.WriteAsync((1, 0), (5, 0), (9, 0), (10, 0)));
        var mine = await table.WriteAsync((6, 1));
        var plan = await table.PlanRangeAsync(5, 10, mine);
        await table.AppendAsync(await table.WriteAsync((4, 2)), await table.WriteAsync((10, 2)));
        await table.AppendAsync(await table.WriteAsync((9, 3)));
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(plan))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        table.DeleteFiles().Count.ShouldBe(1);
        plan.Discard();
        table.DeleteFiles().ShouldBeEmpty();

        var again = await table.PlanRangeAsync(5, 10, mine);
        await table.AppendAsync(await table.WriteAsync((4, 4)), await table.WriteAsync((10, 4)));
        await table.CommitAsync(again);
        (await table.RowsAsync()).ShouldBe(["10|0", "10|2", "10|4", "1|0", "4|2", "4|4", "6|1"]);

        // Also where nothing was there to be replaced.
        var first = await table.PlanRangeAsync(20, 30, await table.WriteAsync((25, 1)));
        await table.AppendAsync(await table.WriteAsync((20, 5)));
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(first))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
    }

    [Fact]
    public async Task Compaction_of_files_that_lose_rows_is_a_conflict_and_of_others_is_not()
    {
        var spec = new PartitionSpec(0, [PartitionField.Of(1, "id_hundred", Transform.Truncate(100))]);
        var table = await UpsertTable.CreateAsync(lake, "range_compacted", UpsertTable.Numbers, spec);
        Task<DataFile> Write(params (long Id, long Value)[] rows) => table.WriteAsync(UpsertTable.Numbers, spec, [.. rows.Select(row => new[] { IcebergValue.Long(row.Id), IcebergValue.Long(row.Value) })]);
        await table.AppendAsync(await Write((1, 0), (5, 0)), await Write((100, 0)), await Write((101, 0)));
        var elsewhere = await table.PlanRangeAsync(5, 10, await Write((7, 1)));
        (await table.CompactAsync()).RemovedFiles.ShouldBe(2);
        await table.CommitAsync(elsewhere);
        (await table.RowsAsync()).ShouldBe(["100|0", "101|0", "1|0", "7|1"]);

        // One plan deletes rows of a file, the other removes it.
        await table.AppendAsync(await Write((8, 0), (20, 0)), await Write((11, 0)));
        var (referring, removing) = (await table.PlanRangeAsync(8, 9, await Write((8, 2))), await table.PlanRangeAsync(11, 12, await Write((11, 2))));
        (await table.CompactAsync()).RemovedFiles.ShouldBeGreaterThanOrEqualTo(3);
        foreach (var plan in new[] { referring, removing })
        {
            (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(plan))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
            plan.Discard();
        }

        await table.CommitAsync(await table.PlanRangeAsync(8, 9, await Write((8, 3))));
        await table.CommitAsync(await table.PlanRangeAsync(11, 12, await Write((11, 3))));
        (await table.RowsAsync()).ShouldBe(["100|0", "101|0", "11|3", "1|0", "20|0", "7|1", "8|3"]);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    [InlineData(5, 3)]
    public async Task Random_overwrites_among_compactions_leave_the_rows_that_a_list_says(int seed, int version)
    {
        var random = new RandomRows(seed);
        var table = await CreateAsync($"range_model_{seed}", version);
        var model = new List<(long Id, long Value)>();
        for (var commit = 0; commit < 12; commit++)
        {
            var lower = (long)random.Next(0, 1000);
            var upper = lower + random.Next(0, 400);
            (long Id, long Value)[] rows = [.. Enumerable.Range(0, random.Next(0, 400)).Select(_ => ((long)random.Next(0, 1200), (long)commit))];
            var replaced = model.RemoveAll(row => row.Id >= lower && row.Id < upper);
            model.AddRange(rows);
            var plan = await table.PlanRangeAsync(lower, upper, rows.Length == 0 ? [] : [await table.WriteAsync(rows)]);
            if (!plan.IsEmpty) await table.CommitAsync(plan);
            plan.RowsReplaced.ShouldBeGreaterThanOrEqualTo(replaced);
            if (plan.Change.RemovedFiles.Count == 0) plan.RowsReplaced.ShouldBe(replaced);
            (await table.RowsAsync()).ShouldBe([.. model.Select(row => $"{row.Id}|{row.Value}").Order(StringComparer.Ordinal)], $"commit {commit}");
            (await table.VectorsAsync()).Select(vector => vector.ReferencedDataFile).ShouldBeUnique();
            if (commit % 5 == 4) await table.CompactAsync();
        }
    }

    [Fact]
    public async Task A_column_without_ranges_is_refused_by_table_and_column()
    {
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "name", PrimitiveType.String), NestedField.Mandatory(2, "at", PrimitiveType.Timestamptz)));
        var table = await UpsertTable.CreateAsync(lake, "range_refused", schema);
        (await Should.ThrowAsync<IcebergException>(() => table.PlanRangeAsync(IcebergValue.Null, IcebergValue.String("x")))).Message
            .ShouldBe("Table upserts.range_refused: The column 'name' is string, of which there are no ranges; choose a column of whole numbers, dates or times.");
        (await Should.ThrowAsync<IcebergException>(() => table.PlanRangeAsync(IcebergValue.Null, IcebergValue.Date(1), fieldId: 2))).Message.ShouldContain("convert the limits");
        (await Should.ThrowAsync<IcebergException>(() => table.PlanRangeAsync(IcebergValue.Null, IcebergValue.Date(1), fieldId: 3))).Message.ShouldContain("the field 3, which is no column");
    }

    private Task<UpsertTable> CreateAsync(string name, int version = 2) => UpsertTable.CreateAsync(lake, name, UpsertTable.Numbers, formatVersion: version);
}
