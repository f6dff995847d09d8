using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Operations;

public sealed class TableCommitTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Appends_keep_the_manifests_of_earlier_commits_and_count_what_they_add()
    {
        var table = await LakeTable.CreateAsync(lake, "appends");
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 10), (2, 20))));
        var second = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (3, 30)), await table.WriteAsync(metadata, (4, 40))));

        (await table.RowsAsync()).ShouldBe([(1, 10), (2, 20), (3, 30), (4, 40)]);
        (await table.RowsAsync(first.Snapshot)).ShouldBe([(1, 10), (2, 20)]);
        var reader = new SnapshotReader(lake.Files);
        (await reader.ManifestsAsync(second.Snapshot, Cancellation)).Select(manifest => manifest.ManifestPath).ShouldContain((await reader.ManifestsAsync(first.Snapshot, Cancellation)).Single().ManifestPath);
        second.Snapshot.ParentSnapshotId.ShouldBe(first.Snapshot.SnapshotId);
        (second.Snapshot.SequenceNumber, second.Snapshot.Operation).ShouldBe((2, "append"));
        second.Snapshot.Summary["added-data-files"].ShouldBe("2");
        second.Snapshot.Summary["added-records"].ShouldBe("2");
        second.Snapshot.Summary["total-records"].ShouldBe("4");
        second.Snapshot.Summary["total-data-files"].ShouldBe("3");
        second.Snapshot.Summary["total-delete-files"].ShouldBe("0");
        second.Snapshot.Summary["changed-partition-count"].ShouldBe("1");
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_run_is_committed_once_and_its_summary_tells_of_it()
    {
        var table = await LakeTable.CreateAsync(lake, "runs");
        var change = TableChange.Append(await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 10))) with
        {
            RunIds = ["7f1c"], Summary = new Dictionary<string, string> { [RunSummary.SourceLsn] = "0/16B3748" },
        };
        var first = await table.CommitAsync(change);
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(first.Table.Metadata, (2, 20))));
        var again = await table.CommitAsync(change);

        (first.AlreadyCommitted, again.AlreadyCommitted).ShouldBe((false, true));
        again.Snapshot.SnapshotId.ShouldBe(first.Snapshot.SnapshotId);
        (again.Snapshot.Summary[RunSummary.RunIds], again.Snapshot.Summary[RunSummary.SourceLsn]).ShouldBe(("7f1c", "0/16B3748"));
        (await table.RowsAsync()).ShouldBe([(1, 10), (2, 20)]);
    }

    [Fact]
    public async Task A_window_without_rows_is_a_snapshot_too()
    {
        var table = await LakeTable.CreateAsync(lake, "empty");
        var outcome = await table.CommitAsync(TableChange.Append() with { RunIds = ["empty"] });
        outcome.Snapshot.Summary["total-records"].ShouldBe("0");
        (await table.RowsAsync()).ShouldBeEmpty();
        (await table.CommitAsync(TableChange.Append() with { RunIds = ["empty"] })).AlreadyCommitted.ShouldBeTrue();
    }

    [Fact]
    public async Task Several_runs_are_one_snapshot_and_those_that_are_in_the_table_already_are_not_added_again()
    {
        var table = await LakeTable.CreateAsync(lake, "several");
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))) with { RunIds = ["a", "b"] });
        RunSummary.RunsOf(first.Snapshot).ShouldBe(["a", "b"]);
        (await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))) with { RunIds = ["b"] })).AlreadyCommitted.ShouldBeTrue();
        (await Should.ThrowAsync<IcebergException>(async () => await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (3, 3))) with { RunIds = ["b", "c"] }))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (3, 3))) with { RunIds = ["c"] })).AlreadyCommitted.ShouldBeFalse();
        (await table.CommitAsync(TableChange.Append() with { RunIds = ["a", "c"] })).AlreadyCommitted.ShouldBeTrue();
        (await table.RowsAsync()).ShouldBe([(1, 1), (3, 3)]);
    }

    [Fact]
    public async Task Files_leave_a_table_and_manifests_without_them_stay()
    {
        var table = await LakeTable.CreateAsync(lake, "overwrite");
        var metadata = (await table.LoadAsync()).Metadata;
        var (kept, left, other) = (await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2)), await table.WriteAsync(metadata, (3, 3)));
        await table.CommitAsync(TableChange.Append(kept, left));
        var before = await table.CommitAsync(TableChange.Append(other));
        var outcome = await table.CommitAsync(TableChange.Overwrite(before.Snapshot.SnapshotId, [left], [await table.WriteAsync(metadata, (2, 22))]));

        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 22), (3, 3)]);
        (await table.RowsAsync(before.Snapshot)).ShouldBe([(1, 1), (2, 2), (3, 3)]);
        outcome.Snapshot.Summary["deleted-data-files"].ShouldBe("1");
        outcome.Snapshot.Summary["deleted-records"].ShouldBe("1");
        outcome.Snapshot.Summary["total-records"].ShouldBe("3");
        var reader = new SnapshotReader(lake.Files);
        var manifests = await reader.ManifestsAsync(outcome.Snapshot, Cancellation);
        manifests.Count(manifest => manifest.AddedSnapshotId == before.Snapshot.SnapshotId).ShouldBe(1);
        var rewritten = await reader.EntriesAsync(manifests.Single(manifest => manifest.DeletedFilesCount == 1), true, Cancellation).ToListAsync(Cancellation);
        rewritten.Select(entry => (entry.DataFile.FilePath, entry.Status, entry.SequenceNumber)).ShouldBe([(kept.FilePath, ManifestEntryStatus.Existing, 1), (left.FilePath, ManifestEntryStatus.Deleted, 1)]);
        rewritten[1].SnapshotId.ShouldBe(outcome.Snapshot.SnapshotId);

        // The next commit drops the manifest's deleted entry no sooner than it must write it, and a manifest of deleted files only is not carried on.
        var emptied = await table.CommitAsync(TableChange.Overwrite(outcome.Snapshot.SnapshotId, [kept], []));
        emptied.Snapshot.Operation.ShouldBe("delete");
        var last = await table.CommitAsync(TableChange.Append());
        (await reader.ManifestsAsync(last.Snapshot, Cancellation)).ShouldAllBe(manifest => manifest.HasLiveFiles);
        (await table.RowsAsync()).ShouldBe([(2, 22), (3, 3)]);
    }

    [Fact]
    public async Task A_full_load_replaces_all_files_and_deletes()
    {
        var table = await LakeTable.CreateAsync(lake, "full");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1), (2, 2));
        var first = await table.CommitAsync(TableChange.Append(file));
        await table.CommitAsync(TableChange.RowDelta(first.Snapshot.SnapshotId, [await table.DeleteAsync(file, 0)], [file]));
        var outcome = await table.CommitAsync(TableChange.ReplaceAll(await table.WriteAsync(metadata, (7, 7))));

        (await table.RowsAsync()).ShouldBe([(7, 7)]);
        outcome.Snapshot.Summary["total-delete-files"].ShouldBe("0");
        outcome.Snapshot.Summary["total-position-deletes"].ShouldBe("0");
        outcome.Snapshot.Summary["removed-delete-files"].ShouldBe("1");
        outcome.Snapshot.Summary["total-records"].ShouldBe("1");
    }

    [Fact]
    public async Task Deleted_rows_are_gone_from_their_file_only_and_only_from_then_on()
    {
        var table = await LakeTable.CreateAsync(lake, "delta");
        var metadata = (await table.LoadAsync()).Metadata;
        var (file, other) = (await table.WriteAsync(metadata, (1, 1), (2, 2)), await table.WriteAsync(metadata, (3, 3), (4, 4)));
        var before = await table.CommitAsync(TableChange.Append(file, other));
        var outcome = await table.CommitAsync(TableChange.RowDelta(before.Snapshot.SnapshotId, [await table.DeleteAsync(file, 1), await table.WriteAsync(metadata, (2, 22))], [file]));

        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 22), (3, 3), (4, 4)]);
        (await table.RowsAsync(before.Snapshot)).Count.ShouldBe(4);
        (await table.PlanAsync()).Select(scan => scan.Deletes.Count).Order().ShouldBe([0, 0, 1]);
        (outcome.Snapshot.Operation, outcome.Snapshot.Summary["added-position-deletes"], outcome.Snapshot.Summary["total-delete-files"]).ShouldBe(("overwrite", "1", "1"));
    }

    [Fact]
    public async Task An_upsert_planned_before_somebody_added_rows_is_planned_again()
    {
        var table = await LakeTable.CreateAsync(lake, "upsert");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1), (2, 2));
        var before = await table.CommitAsync(TableChange.Append(file));
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (5, 5), (9, 9))));
        var upsert = TableChange.RowDelta(before.Snapshot.SnapshotId, [await table.DeleteAsync(file, 1), await table.WriteAsync(metadata, (2, 22))], [file]);

        var error = await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(upsert));
        error.Kind.ShouldBe(IcebergErrorKind.CommitConflict);

        // Rows of other keys do not matter to it.
        var elsewhere = upsert with { ConflictFilter = now => new FileFilter(now, ColumnPredicate.In(1, [IcebergValue.Long(2), IcebergValue.Long(10)])) };
        await table.CommitAsync(elsewhere);
        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 22), (5, 5), (9, 9)]);
    }

    [Fact]
    public async Task Rows_that_were_added_and_moved_since_are_still_seen_as_added()
    {
        var table = await LakeTable.CreateAsync(lake, "moved");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1));
        var before = await table.CommitAsync(TableChange.Append(file));
        var added = await table.WriteAsync(metadata, (2, 2));
        var moved = await table.CommitAsync(TableChange.Append(added));
        await table.CommitAsync(TableChange.Rewrite(moved.Snapshot, [added], [await table.WriteAsync(metadata, (2, 2))]));
        var upsert = TableChange.RowDelta(before.Snapshot.SnapshotId, [await table.WriteAsync(metadata, (2, 22))], []);
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(upsert))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
    }

    [Fact]
    public async Task Compaction_gives_way_to_deletes_of_the_rows_it_moves_and_not_to_appends()
    {
        var table = await LakeTable.CreateAsync(lake, "compact");
        var metadata = (await table.LoadAsync()).Metadata;
        var (one, two, three) = (await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2)), await table.WriteAsync(metadata, (3, 3)));
        var before = await table.CommitAsync(TableChange.Append(one, two, three));
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (4, 4))));
        var compacted = await table.CommitAsync(TableChange.Rewrite(before.Snapshot, [one, two], [await table.WriteAsync(metadata, (1, 1), (2, 2))]));
        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 2), (3, 3), (4, 4)]);
        (await table.PlanAsync()).Single(file => file.Data.DataFile.RecordCount == 2).Data.SequenceNumber.ShouldBe(before.Snapshot.SequenceNumber);

        await table.CommitAsync(TableChange.RowDelta(compacted.Snapshot.SnapshotId, [await table.DeleteAsync(three, 0)], [three]));
        var late = TableChange.Rewrite(compacted.Snapshot, [three], [await table.WriteAsync(metadata, (3, 3))]);
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(late))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.RowsAsync()).ShouldBe([(1, 1), (2, 2), (4, 4)]);
    }

    [Fact]
    public async Task A_file_that_left_already_cannot_leave_or_lose_rows_again()
    {
        var table = await LakeTable.CreateAsync(lake, "left");
        var metadata = (await table.LoadAsync()).Metadata;
        var file = await table.WriteAsync(metadata, (1, 1));
        var before = await table.CommitAsync(TableChange.Append(file));
        var after = await table.CommitAsync(TableChange.Overwrite(before.Snapshot.SnapshotId, [file], []));
        foreach (var change in new[] { TableChange.Overwrite(after.Snapshot.SnapshotId, [file], []), TableChange.RowDelta(after.Snapshot.SnapshotId, [await table.DeleteAsync(file, 0)], [file]) })
        {
            var error = await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(change));
            error.Kind.ShouldBe(IcebergErrorKind.CommitConflict);
            error.Message.ShouldContain(file.FilePath);
        }
    }

    [Fact]
    public async Task A_commit_of_more_manifests_than_are_open_at_once_has_all_of_them()
    {
        var table = await LakeTable.CreateAsync(lake, "manifests", properties: new Dictionary<string, string> { ["commit.manifest-merge.enabled"] = "false" });
        var metadata = (await table.LoadAsync()).Metadata;
        var files = new List<DataFile>();
        for (var i = 0; i < 2; i++) files.Add(await table.WriteAsync(metadata, (i, i)));
        await table.CommitAsync(TableChange.Append(files));
        var many = Enumerable.Range(0, 40).Select(i => files[0] with { FilePath = $"{files[0].FilePath}-{i}" }).ToList();
        foreach (var file in many) await table.CommitAsync(TableChange.Append(file));

        // Every manifest lists a file that leaves, and is written again.
        var outcome = await table.CommitAsync(TableChange.Overwrite((await table.LoadAsync()).Metadata.CurrentSnapshotId, many, []));
        (await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Count(manifest => manifest.AddedSnapshotId == outcome.Snapshot.SnapshotId).ShouldBe(40);
        (await table.RowsAsync()).ShouldBe([(0, 0), (1, 1)]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_change_that_cannot_be_written_leaves_no_manifest()
    {
        var table = await LakeTable.CreateAsync(lake, "unwritten");
        var metadata = (await table.LoadAsync()).Metadata;
        var (file, strange) = (await table.WriteAsync(metadata, (1, 1)), await table.WriteAsync(metadata, (2, 2)) with { PartitionSpecId = 7 });
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(TableChange.Append(file, strange)))).Message.ShouldContain("no partition spec 7");
        (await table.OrphansAsync()).Order().ShouldBe([file.FilePath, strange.FilePath]);
    }

    [Fact]
    public async Task A_schema_changes_in_the_commit_that_brings_its_first_rows()
    {
        var table = await LakeTable.CreateAsync(lake, "schema");
        var metadata = (await table.LoadAsync()).Metadata;
        var next = new Schema(new StructType([.. LakeTable.Schema.Columns.Fields, NestedField.Optional(3, "note", PrimitiveType.String)]));
        var change = TableChange.Append(await table.WriteAsync(metadata, (1, 1))) with
        {
            Updates = [new TableUpdate.AddSchema(next), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded), new TableUpdate.SetProperties(new Dictionary<string, string> { ["a"] = "b" })],
            Requirements = [new TableRequirement.AssertCurrentSchemaId(0)],
        };
        var outcome = await table.CommitAsync(change);
        outcome.Table.Metadata.CurrentSchema.FindField("note").ShouldNotBeNull();
        outcome.Snapshot.SchemaId.ShouldBe(outcome.Table.Metadata.CurrentSchemaId);
        outcome.Table.Metadata.Properties["a"].ShouldBe("b");

        // The schema it was built on is gone now.
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(change))).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        (await table.RowsAsync()).ShouldBe([(1, 1)]);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Many_small_manifests_become_one_and_every_file_keeps_its_numbers()
    {
        var table = await LakeTable.CreateAsync(lake, "merge", properties: new Dictionary<string, string> { ["commit.manifest.min-count-to-merge"] = "4" });
        var metadata = (await table.LoadAsync()).Metadata;
        for (var i = 1; i <= 11; i++)
        {
            var outcome = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (i, i))));
            (await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation)).Count.ShouldBeLessThan(6);
        }

        var files = await table.PlanAsync();
        files.Select(file => file.Data.SequenceNumber!.Value).Order().ShouldBe(Enumerable.Range(1, 11).Select(number => (long)number));
        files.ShouldAllBe(file => file.Data.DataFile.LowerBounds![1].Length == 8);
        (await table.OrphansAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Changes_that_contradict_themselves_are_refused()
    {
        var table = await LakeTable.CreateAsync(lake, "wrong");
        var file = await table.WriteAsync((await table.LoadAsync()).Metadata, (1, 1));
        foreach (var change in new[] { TableChange.Append(file, file), TableChange.Append(await table.DeleteAsync(file, 0)), TableChange.Append(file with { PartitionSpecId = 9 }) })
            (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(change))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        (await table.LoadAsync()).Metadata.Snapshots.ShouldBeEmpty();
        (await lake.Catalog.DropTableAsync(table.Identifier, Cancellation)).ShouldBeTrue();
        (await Should.ThrowAsync<IcebergException>(() => table.CommitAsync(TableChange.Append(file)))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }
}
