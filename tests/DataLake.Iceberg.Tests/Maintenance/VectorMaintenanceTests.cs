using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Updates;
using DataLake.Parquet.Reading;
using DataLake.Testing;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Maintenance;

/// <summary>Maintenance of tables of version 3: rows keep their ids, and files of several deletion vectors stay as long as one of them is needed.</summary>
public sealed class VectorMaintenanceTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static readonly ExpiryOptions OnlyNewest = new() { MaxSnapshotAge = TimeSpan.Zero };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static ManualTimeProvider Later => new(DateTimeOffset.UtcNow.AddHours(1));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Compacted_rows_bring_their_ids_and_last_updates_along(bool sorted)
    {
        var order = new SortOrder(1, [new SortField(2, Transform.Identity, SortDirection.Descending, NullOrder.NullsFirst)]);
        var table = await LakeTable.CreateAsync(lake, $"lineage_{sorted}", order: sorted ? order : null, formatVersion: 3);
        for (var i = 0; i < 6; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (i * 2, i), ((i * 2) + 1, -i))));
        await DeleteFirstRowsAsync(table);
        var lineage = await table.LineageAsync();
        lineage.ShouldBe(Enumerable.Range(0, 6).ToDictionary(i => (i * 2L) + 1, i => ((long?)(i * 2) + 1, (long?)i + 1)));

        var options = new CompactionOptions { MinFiles = 2 };
        (await CompactAsync(table, options)).RemovedDeleteFiles.ShouldBe(6);
        (await table.PlanAsync()).Single().Deletes.ShouldBeEmpty();
        (await table.LineageAsync()).ShouldBe(lineage);

        // Moved once more, beside rows that were not.
        for (var i = 100; i < 105; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (i, 0))));
        var all = await table.LineageAsync();
        (all.Take(6).SequenceEqual(lineage), all[104].LastUpdated).ShouldBe((true, (await table.LoadAsync()).Metadata.CurrentSnapshot!.SequenceNumber));
        await CompactAsync(table, options);
        (await table.LineageAsync()).ShouldBe(all);

        // Columns of the specification's ids, in the file.
        await using var reader = await ParquetFileReader.OpenAsync(lake.Files.OpenRead((await table.PlanAsync()).Single().Data.DataFile.FilePath), cancellationToken: Cancellation);
        reader.Metadata.Schema.Columns.Select(column => (column.Name, column.FieldId)).ShouldBe([("id", 1), ("value", 2), ("_row_id", 2147483540), ("_last_updated_sequence_number", 2147483539)]);
    }

    [Fact]
    public async Task Rows_of_an_upgraded_table_keep_the_ids_that_they_get_while_it_is_compacted()
    {
        var spec = new PartitionSpec(0, [PartitionField.Of(1, "id_bucket", Transform.Bucket(4))]);
        var table = await LakeTable.CreateAsync(lake, "upgraded_lineage", spec);
        for (var i = 0; i < 40; i++) await table.CommitAsync(TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (i, i))));
        var plain = (await table.LoadAsync()).Metadata.CurrentSnapshot!;
        await table.UpgradeAsync(3);

        // Each partition for itself; the first snapshot gives ids to the rows of all.
        (await CompactAsync(table, new CompactionOptions { MinFiles = 2, CommitBytes = 1 })).Commits.ShouldBeGreaterThan(1);
        var metadata = (await table.LoadAsync()).Metadata;
        var lineages = new List<SortedDictionary<long, (long? RowId, long? LastUpdated)>>();
        foreach (var snapshot in metadata.Snapshots.Where(snapshot => snapshot.FirstRowId is not null)) lineages.Add(await table.LineageAsync(snapshot));
        lineages.Count.ShouldBeGreaterThan(2);
        foreach (var lineage in lineages) lineage.ShouldBe(lineages[0]);
        lineages[0].Values.Select(row => row.LastUpdated).ShouldBe(Enumerable.Range(1, 40).Select(number => (long?)number));

        // Nor may another compaction move what it read before that.
        var files = await table.PlanAsync(plain);
        var late = TableChange.Rewrite(plain, [files[0].Data.DataFile], [await table.WriteAsync(metadata, (99, 99))]);
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(late))).Message.ShouldContain("before they had ids");
    }

    [Fact]
    public async Task A_file_of_vectors_goes_when_the_last_of_them_is_not_needed_any_more()
    {
        var table = await LakeTable.CreateAsync(lake, "shared_puffin", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (2, 2), (3, 3)), await table.WriteAsync(metadata, (4, 4), (5, 5), (6, 6))));
        await DeleteFirstRowsAsync(table);
        var puffin = (await table.PlanAsync()).SelectMany(file => file.Deletes).Select(delete => delete.DataFile.FilePath).Distinct().Single();

        await DeleteFirstRowsAsync(table, files: 1);
        (await ExpireAsync(table)).Count.ShouldBe(2);
        lake.Lake.Exists(lake.Files.PathOf(puffin)).ShouldBeTrue();
        (await new OrphanFiles(lake.Catalog, lake.Files, Later).RemoveAsync(table.Identifier, TimeSpan.Zero, Cancellation)).ShouldBe(0);
        (await table.RowsAsync()).Count.ShouldBe(3);

        await DeleteFirstRowsAsync(table);
        await ExpireAsync(table);
        lake.Lake.Exists(lake.Files.PathOf(puffin)).ShouldBeFalse();
        (await table.RowsAsync()).Count.ShouldBe(1);
        (await table.OrphansAsync()).ShouldBeEmpty();

        // One that no commit took is an orphan.
        var orphan = (await table.WriteVectorsAsync((await table.PlanAsync()).Select(file => (file, (IEnumerable<long>)[2])).Take(1)))[0].FilePath;
        (await new OrphanFiles(lake.Catalog, lake.Files, Later).RemoveAsync(table.Identifier, TimeSpan.Zero, Cancellation)).ShouldBe(1);
        lake.Lake.Exists(lake.Files.PathOf(orphan)).ShouldBeFalse();
    }

    [Fact]
    public async Task Statistics_files_stay_as_long_as_their_snapshot()
    {
        var table = await LakeTable.CreateAsync(lake, "statistics", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        var second = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))));
        var files = new List<StatisticsFile>();
        foreach (var snapshot in (Snapshot[])[first.Snapshot, second.Snapshot])
        {
            var location = $"{table.Location}/metadata/{snapshot.SnapshotId}.stats";
            await lake.Files.WriteAllAsync(location, new byte[10], Cancellation);
            files.Add(new StatisticsFile(snapshot.SnapshotId, $$"""{"snapshot-id":{{snapshot.SnapshotId}},"statistics-path":"{{location}}","file-size-in-bytes":10,"file-footer-size-in-bytes":4,"blob-metadata":[]}"""));
        }

        await lake.Catalog.CommitTableAsync(second.Table, [], [new TableUpdate.SetStatistics(files[0]), new TableUpdate.SetPartitionStatistics(files[1])], Cancellation);
        (await new OrphanFiles(lake.Catalog, lake.Files, Later).RemoveAsync(table.Identifier, TimeSpan.Zero, Cancellation)).ShouldBe(0);
        (await ExpireAsync(table)).ShouldBe([first.Snapshot.SnapshotId]);
        Exists(first.Snapshot).ShouldBeFalse();
        Exists(second.Snapshot).ShouldBeTrue();

        bool Exists(Snapshot snapshot) => lake.Lake.Exists(lake.Files.PathOf($"{table.Location}/metadata/{snapshot.SnapshotId}.stats"));
    }

    [Fact]
    public async Task Position_delete_files_of_an_upgraded_table_become_vectors()
    {
        var table = await LakeTable.CreateAsync(lake, "merged_vectors");
        var metadata = (await table.LoadAsync()).Metadata;
        DataFile[] data = [await table.WriteAsync(metadata, [.. Enumerable.Range(0, 40).Select(i => ((long)i, 0L))]), await table.WriteAsync(metadata, [.. Enumerable.Range(100, 40).Select(i => ((long)i, 0L))])];
        var head = (await table.CommitAsync(TableChange.Append(data))).Snapshot.SnapshotId;
        for (var i = 0; i < 3; i++)
        {
            var positions = data.ToDictionary(file => file.FilePath, _ => new PositionSet(40));
            foreach (var set in positions.Values) set.Add(i);
            var deletes = await table.WriteAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, positions, Cancellation));
            head = (await table.CommitAsync(TableChange.RowDelta(head, [deletes], data))).Snapshot.SnapshotId;
        }

        await table.UpgradeAsync(3);
        var options = new CompactionOptions { MinFiles = 10, MaxDeleteFiles = 3, DeletedShare = 0.9 };
        var outcome = await CompactAsync(table, options);
        (outcome.RemovedDeleteFiles, outcome.AddedDeleteFiles, outcome.AddedFiles).ShouldBe((3, 2, 0));
        var vectors = (await table.PlanAsync()).SelectMany(file => file.Deletes).Select(delete => delete.DataFile).ToList();
        vectors.Select(vector => (vector.IsDeletionVector, vector.RecordCount, vector.ReferencedDataFile)).ShouldBe(data.Select(file => (true, 3L, (string?)file.FilePath)), ignoreOrder: true);
        vectors.Select(vector => vector.FilePath).Distinct().Count().ShouldBe(1);
        (await table.RowsAsync()).Count.ShouldBe(74);

        // Vectors are not merged, however many there are: there is one of a file.
        var health = await TableHealth.MeasureAsync(lake.Files, await table.LoadAsync(), options with { MaxDeleteFiles = 1 }, DateTimeOffset.UtcNow, Cancellation);
        (health.DeleteMerges, health.PositionDeleteFiles, health.DeletedPositions, health.DeleteBytes).ShouldBe((0, 2, 6, vectors.Sum(vector => vector.ContentSizeInBytes!.Value)));
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_merge_of_position_deletes_gives_way_to_a_vector_that_came_meanwhile()
    {
        var table = await LakeTable.CreateAsync(lake, "merge_race");
        var metadata = (await table.LoadAsync()).Metadata;
        var data = await table.WriteAsync(metadata, [.. Enumerable.Range(0, 10).Select(i => ((long)i, 0L))]);
        var head = (await table.CommitAsync(TableChange.Append(data))).Snapshot.SnapshotId;
        for (var i = 0; i < 2; i++) head = (await table.CommitAsync(TableChange.RowDelta(head, [await table.DeleteAsync(data, i)], [data]))).Snapshot.SnapshotId;
        await table.UpgradeAsync(3);
        await table.CommitAsync(TableChange.Append());

        // Between the plan of the merge and its swap.
        var catalog = new InterruptedCatalog(lake.Catalog, () => DeleteFirstRowsAsync(table).GetAwaiter().GetResult());
        var outcome = await new Compaction(catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, new CompactionOptions { MinFiles = 10, MaxDeleteFiles = 2, DeletedShare = 0.9 }, Cancellation);
        outcome.Commits.ShouldBe(0);
        outcome.Skipped.Single().Reason.ShouldBeOfType<IcebergException>().Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.RowsAsync()).Select(row => row.Id).ShouldBe([3, 4, 5, 6, 7, 8, 9]);
        (await table.PlanAsync()).Single().Deletes.Single().DataFile.RecordCount.ShouldBe(3);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    private Task<CompactionOutcome> CompactAsync(LakeTable table, CompactionOptions options) => new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(table.Identifier, options, Cancellation);

    private async Task<IReadOnlyList<long>> ExpireAsync(LakeTable table) => (await new SnapshotExpiry(lake.Catalog, lake.Files, Later).ExpireAsync(table.Identifier, OnlyNewest, Cancellation)).Snapshots;

    /// <summary>Deletes the first live row of each of the first data files, as one commit.</summary>
    private static async Task DeleteFirstRowsAsync(LakeTable table, int files = int.MaxValue)
    {
        var metadata = (await table.LoadAsync()).Metadata;
        var deletes = new List<(ScanFile, IEnumerable<long>)>();
        foreach (var file in (await table.PlanAsync(metadata, metadata.CurrentSnapshot)).OrderBy(file => file.Data.DataFile.FilePath, StringComparer.Ordinal).Take(files))
            deletes.Add((file, [(await RowReader.PositionsAsync(table.Open, LakeTable.RowsOf(file), Cancellation)).Count]));
        await table.CommitAsync(TableChange.RowDelta(metadata.CurrentSnapshotId, await table.WriteVectorsAsync(deletes), [], Isolation.Snapshot));
    }
}
