using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Transforms;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>Commits of tables of version 3: deletion vectors, of which a data file has one, and row ids.</summary>
public sealed class VectorCommitTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_vector_takes_the_place_of_the_one_before()
    {
        var table = await LakeTable.CreateAsync(lake, "vectors", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (2, 2), (3, 3)), await table.WriteAsync(metadata, (4, 4), (5, 5))));
        var second = await DeleteAsync(table, 1, 4);
        var third = await DeleteAsync(table, 3);

        (await table.RowsAsync()).ShouldBe([(2, 2), (5, 5)]);
        (await table.RowsAsync(second.Snapshot)).ShouldBe([(2, 2), (3, 3), (5, 5)]);
        (await table.RowsAsync(first.Snapshot)).Count.ShouldBe(5);

        // Both vectors of the second commit are in one file.
        var before = (await table.PlanAsync(second.Snapshot)).SelectMany(file => file.Deletes).ToList();
        (before.Count, before.Select(vector => vector.DataFile.FilePath).Distinct().Count()).ShouldBe((2, 1));
        var now = (await table.PlanAsync()).SelectMany(file => file.Deletes).ToList();
        now.Select(vector => (vector.SequenceNumber, vector.DataFile.RecordCount)).ShouldBe([(3, 2), (2, 1)], ignoreOrder: true);
        Figures(second, "added-dvs", "added-delete-files", "added-position-delete-files", "added-position-deletes", "removed-dvs", "total-position-deletes").ShouldBe(["2", "2", null, "2", null, "2"]);
        Figures(third, "added-dvs", "removed-dvs", "removed-position-deletes", "total-delete-files", "total-position-deletes").ShouldBe(["1", "1", "1", "2", "3"]);
        third.Snapshot.Operation.ShouldBe("delete");
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_data_file_that_leaves_takes_its_vector_along()
    {
        var spec = new PartitionSpec(0, [PartitionField.Of(1, "id", Transform.Identity)]);
        var table = await LakeTable.CreateAsync(lake, "leaving", spec, formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (1, 2)), await table.WriteAsync(metadata, (2, 1), (2, 2))));
        await DeleteAsync(table, 1, 2);
        var files = await table.PlanAsync();
        var gone = files.Single(file => file.Data.DataFile.Partition[0].AsLong() == 1).Data.DataFile;
        var outcome = await table.CommitAsync(TableChange.Overwrite((await table.LoadAsync()).Metadata.CurrentSnapshotId, [gone], []));
        Figures(outcome, "removed-dvs", "deleted-data-files", "total-delete-files").ShouldBe(["1", "1", "1"]);
        (await table.PlanAsync()).Single().Deletes.Single().DataFile.ReferencedDataFile.ShouldBe(files.Single(file => file.Data.DataFile.FilePath != gone.FilePath).Data.DataFile.FilePath);
    }

    [Fact]
    public async Task Of_two_vectors_of_one_file_that_race_the_later_is_planned_again()
    {
        var table = await LakeTable.CreateAsync(lake, "vector_race", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        var start = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (2, 2), (3, 3)), await table.WriteAsync(metadata, (4, 4), (5, 5))));
        var files = await table.PlanAsync();
        var (mine, theirs) = (await VectorsAsync(table, files[..1], 0), await VectorsAsync(table, files[..1], 1));
        var elsewhere = await VectorsAsync(table, files[1..], 0);
        await table.CommitAsync(TableChange.RowDelta(start.Snapshot.SnapshotId, theirs, [], Isolation.Snapshot));

        var error = await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(TableChange.RowDelta(start.Snapshot.SnapshotId, mine, [], Isolation.Snapshot)));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        error.Message.ShouldContain("deleted rows of");

        // Another data file's is none of its business, and planned again on the table as it is both deletes hold.
        await table.CommitAsync(TableChange.RowDelta(start.Snapshot.SnapshotId, elsewhere, [], Isolation.Snapshot));
        var again = await table.CommitAsync(TableChange.RowDelta((await table.LoadAsync()).Metadata.CurrentSnapshotId, await VectorsAsync(table, [.. (await table.PlanAsync()).Where(file => file.Data.DataFile.RecordCount == 3)], 0), []));
        again.Snapshot.Summary["removed-dvs"].ShouldBe("1");
        (await table.RowsAsync()).ShouldBe([(3, 3), (5, 5)]);
    }

    [Fact]
    public async Task Vectors_of_writers_that_race_all_hold_when_they_plan_again()
    {
        const int writers = 4, each = 4;
        var table = await LakeTable.CreateAsync(lake, "vector_writers", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, [.. Enumerable.Range(0, (writers * each) + 1).Select(i => ((long)i, 0L))])));
        await Task.WhenAll(Enumerable.Range(0, writers).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < each;)
            {
                try
                {
                    await DeleteAsync(table, (writer * each) + i);
                    i++;
                }
                catch (IcebergException error) when (error.Kind == IcebergErrorKind.CommitConflict)
                {
                    // Planned again, on the table as it is.
                }
            }
        })));
        (await table.RowsAsync()).ShouldBe([(writers * each, 0)]);
        (await table.PlanAsync()).Single().Deletes.Single().DataFile.RecordCount.ShouldBe(writers * each);
    }

    [Fact]
    public async Task A_vector_of_a_file_that_left_meanwhile_is_refused()
    {
        var table = await LakeTable.CreateAsync(lake, "vector_gone", formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        var start = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (2, 2))));
        var vectors = await VectorsAsync(table, await table.PlanAsync(), 0);
        await table.CommitAsync(TableChange.ReplaceAll(await table.WriteAsync(metadata, (9, 9))));
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(TableChange.RowDelta(start.Snapshot.SnapshotId, vectors, [], Isolation.Snapshot)))).Message.ShouldContain("not part of the table any more");
    }

    [Fact]
    public async Task A_change_with_vectors_says_what_they_were_merged_from()
    {
        var table = await LakeTable.CreateAsync(lake, "vector_base", formatVersion: 3);
        await table.CommitAsync(TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1), (2, 2))));
        var vectors = await VectorsAsync(table, await table.PlanAsync(), 0);
        var error = await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(new TableChange { Operation = SnapshotSummary.Delete, AddedFiles = vectors }));
        (error.Kind, error.Message).ShouldBe((IcebergErrorKind.Invalid, "A change with deletion vectors replaces those that its data files have: give the snapshot that they were merged from, and an isolation."));
    }

    [Fact]
    public async Task A_vector_of_a_file_that_comes_with_it_needs_nothing_of_the_table()
    {
        var table = await LakeTable.CreateAsync(lake, "vector_own", formatVersion: 3);
        var file = await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1), (2, 2));
        var vectors = await VectorsAsync(table, [new ScanFile(ManifestEntry.Added(file, 1), [])], 0);
        var outcome = await table.CommitAsync(new TableChange { Operation = SnapshotSummary.Overwrite, AddedFiles = [file, .. vectors] });
        (await table.RowsAsync()).ShouldBe([(2, 2)]);
        (await table.LineageAsync()).ShouldBe([new(2, (1, outcome.Snapshot.SequenceNumber))]);
    }

    [Fact]
    public async Task Position_deletes_from_before_an_upgrade_become_part_of_vectors()
    {
        var table = await LakeTable.CreateAsync(lake, "upgraded");
        var metadata = (await table.LoadAsync()).Metadata;
        var (one, other) = (await table.WriteAsync(metadata, (1, 1), (2, 2), (3, 3)), await table.WriteAsync(metadata, (4, 4), (5, 5), (6, 6)));
        var start = await table.CommitAsync(TableChange.Append(one, other));
        var both = new Dictionary<string, PositionSet> { [one.FilePath] = new(3), [other.FilePath] = new(3) };
        both[one.FilePath].Add(0);
        both[other.FilePath].Add(0);
        var onlyOne = new Dictionary<string, PositionSet> { [one.FilePath] = new(3) };
        onlyOne[one.FilePath].Add(1);
        DataFile[] old = [await table.WriteAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, both, Cancellation)), await table.WriteAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, onlyOne, Cancellation))];
        await table.CommitAsync(TableChange.RowDelta(start.Snapshot.SnapshotId, old, [one, other]));
        await table.UpgradeAsync(3);
        (await table.RowsAsync()).ShouldBe([(3, 3), (5, 5), (6, 6)]);

        // The vector of the one file has what both delete files said of it: the one that names it alone leaves, the other is still needed.
        await DeleteAsync(table, 3);
        (await table.RowsAsync()).ShouldBe([(5, 5), (6, 6)]);
        var files = (await table.PlanAsync()).ToDictionary(file => file.Data.DataFile.FilePath, file => file.Deletes);
        (files[one.FilePath].Single().DataFile.IsDeletionVector, files[one.FilePath].Single().DataFile.RecordCount).ShouldBe((true, 3));
        files[other.FilePath].Single().DataFile.FilePath.ShouldBe(old[0].FilePath);
        (await table.LoadAsync()).Metadata.CurrentSnapshot!.Summary["removed-position-delete-files"].ShouldBe("1");

        var refused = await Should.ThrowAsync<IcebergException>(async () => await table.CommitAsync(TableChange.RowDelta((await table.LoadAsync()).Metadata.CurrentSnapshotId, [old[0]], [one])));
        (refused.Kind, refused.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        refused.Message.ShouldContain("has deletion vectors instead");
    }

    [Fact]
    public async Task Rows_get_ids_with_the_first_snapshot_after_an_upgrade_and_keep_them()
    {
        var table = await LakeTable.CreateAsync(lake, "lineage");
        var metadata = (await table.LoadAsync()).Metadata;
        var old = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1), (2, 2)), await table.WriteAsync(metadata, (3, 3))));
        await table.UpgradeAsync(3);
        (await table.LoadAsync()).Metadata.NextRowId.ShouldBe(0);
        (await table.LineageAsync()).Values.ShouldAllBe(row => row.RowId == null && row.LastUpdated == null);

        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (4, 4))));
        (first.Snapshot.FirstRowId, first.Snapshot.AddedRows, first.Table.Metadata.NextRowId).ShouldBe((0, 4, 4));
        var lineage = await table.LineageAsync();
        lineage.Values.Select(row => row.RowId).Order().ShouldBe([0, 1, 2, 3]);
        lineage.Values.Select(row => row.LastUpdated).ShouldBe([1, 1, 1, 2]);
        (await table.LineageAsync(old.Snapshot)).Values.ShouldAllBe(row => row.RowId == null && row.LastUpdated == null);

        // An empty commit takes no ids; a branch takes its own.
        var empty = await table.CommitAsync(TableChange.Append());
        (empty.Snapshot.FirstRowId, empty.Snapshot.AddedRows, empty.Table.Metadata.NextRowId).ShouldBe((4, 0, 4));
        var branch = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (5, 5))) with { Branch = "side" });
        var main = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (6, 6), (7, 7))));
        ((await table.LineageAsync(branch.Snapshot))[5].RowId, (await table.LineageAsync())[6].RowId, main.Table.Metadata.NextRowId).ShouldBe((4, 5, 7));
        (await table.LineageAsync()).Take(4).ShouldBe(lineage);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 2)]
    [InlineData(true, 100)]
    public async Task An_upgrade_between_two_attempts_of_a_commit_leaves_every_row_its_id(bool withSnapshot, int manifestsToMerge)
    {
        var table = await LakeTable.CreateAsync(lake, $"upgrade_race_{withSnapshot}_{manifestsToMerge}", properties: new Dictionary<string, string> { ["commit.manifest.min-count-to-merge"] = $"{manifestsToMerge}" });
        var metadata = (await table.LoadAsync()).Metadata;
        DataFile[] files = [await table.WriteAsync(metadata, (1, 1), (2, 2)), await table.WriteAsync(metadata, (3, 3)), await table.WriteAsync(metadata, (4, 4))];
        await table.CommitAsync(TableChange.Append(files[..2]));
        var start = await table.CommitAsync(TableChange.Append(files[2]));
        var catalog = new InterruptedCatalog(lake.Catalog, () =>
        {
            table.UpgradeAsync(3).GetAwaiter().GetResult();
            if (withSnapshot) table.CommitAsync(TableChange.Append()).GetAwaiter().GetResult();
        });
        var commits = new TableCommitter(catalog, lake.Files, TimeProvider.System, new CommitOptions { LongestDelay = TimeSpan.FromMilliseconds(1) });
        var outcome = await commits.CommitAsync(table.Identifier, TableChange.Overwrite(start.Snapshot.SnapshotId, [files[1]], [await table.WriteAsync(metadata, (5, 5))], Isolation.Snapshot), Cancellation);
        catalog.Commits.ShouldBe(2);

        var lineage = await table.LineageAsync();
        lineage.Keys.ShouldBe([1, 2, 4, 5]);
        lineage.Values.Select(row => row.RowId).ShouldBeUnique();
        lineage.Values.ShouldAllBe(row => row.RowId >= 0 && row.RowId < outcome.Table.Metadata.NextRowId);
        if (!withSnapshot) return;
        var given = await table.LineageAsync(outcome.Table.Metadata.FindSnapshot(outcome.Snapshot.ParentSnapshotId!.Value));
        foreach (var id in (long[])[1, 2, 4]) lineage[id].ShouldBe(given[id]);
    }

    [Fact]
    public async Task An_encrypted_table_is_neither_written_in_the_clear_nor_read()
    {
        var table = await LakeTable.CreateAsync(lake, "encrypted", properties: new Dictionary<string, string> { ["encryption.key-id"] = "k" }, formatVersion: 3);
        var metadata = (await table.LoadAsync()).Metadata;
        var error = await Should.ThrowAsync<IcebergException>(async () => await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1)))));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.Unsupported, false));
        var reader = new SnapshotReader(lake.Files);
        var snapshot = new Snapshot { SnapshotId = 1, TimestampMs = 1, ManifestList = "file:/l", KeyId = "k" };
        (await Should.ThrowAsync<IcebergException>(() => reader.ManifestsAsync(snapshot, Cancellation))).Message.ShouldContain("manifest list of the snapshot 1 is encrypted");
        var manifest = new ManifestFile { ManifestPath = "file:/m", ManifestLength = 1, PartitionSpecId = 0, AddedSnapshotId = 1, KeyMetadata = new byte[1] };
        (await Should.ThrowAsync<IcebergException>(async () => await reader.EntriesAsync(manifest, false, Cancellation).CountAsync(Cancellation))).Message.ShouldContain("'file:/m' is encrypted");
    }

    /// <summary>Deletes rows by their ids, as one commit.</summary>
    private static async Task<CommitOutcome> DeleteAsync(LakeTable table, params long[] ids)
    {
        var metadata = (await table.LoadAsync()).Metadata;
        var deletes = new List<(ScanFile, IEnumerable<long>)>();
        foreach (var file in await table.PlanAsync(metadata, metadata.CurrentSnapshot))
        {
            var positions = (await table.LiveAsync(file)).Where(row => ids.Contains(row.Id)).Select(row => row.Position).Take(1).ToList();
            if (positions.Count > 0) deletes.Add((file, positions));
        }

        return await table.CommitAsync(TableChange.RowDelta(metadata.CurrentSnapshotId, await table.WriteVectorsAsync(deletes), [], Isolation.Snapshot));
    }

    private static Task<IReadOnlyList<DataFile>> VectorsAsync(LakeTable table, IEnumerable<ScanFile> files, params long[] positions) => table.WriteVectorsAsync(files.Select(file => (file, (IEnumerable<long>)positions)));

    private static string?[] Figures(CommitOutcome outcome, params string[] keys) => [.. keys.Select(key => outcome.Snapshot.Summary.GetValueOrDefault(key))];
}
