using System.Text;
using System.Text.Json.Nodes;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using static DataLake.Iceberg.Tests.Metadata.TableCases;

namespace DataLake.Iceberg.Tests.Updates;

public sealed class TableUpdateTests
{
    [Fact]
    public void Schemas_get_the_next_id_and_the_same_schema_is_added_once()
    {
        var table = New();
        var wider = new Schema(new StructType([.. Events.Columns.Fields, NestedField.Optional(9, "new", PrimitiveType.Int)]), 77, [1]);
        var next = Apply(table, new TableUpdate.AddSchema(wider), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded));
        (next.CurrentSchemaId, next.LastColumnId, next.Schemas.Count).ShouldBe((1, 9, 2));
        var back = Apply(next, new TableUpdate.AddSchema(Events), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded));
        (back.CurrentSchemaId, back.LastColumnId, back.Schemas.Count).ShouldBe((0, 9, 2));
        Apply(back, new TableUpdate.RemoveSchemas([1])).Schemas.Count.ShouldBe(1);
        Invalid(() => Apply(back, new TableUpdate.RemoveSchemas([0]))).ShouldContain("current schema");
        Invalid(() => Apply(table, new TableUpdate.SetCurrentSchema(4))).ShouldContain("no schema 4");
        Invalid(() => Apply(table, new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded))).ShouldContain("none was");
        var withoutSource = new Schema(StructType.Of(Events.Columns.Fields[0]));
        Invalid(() => Apply(table, new TableUpdate.AddSchema(withoutSource), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded))).ShouldContain("default partition spec");
        table.Schemas.Count.ShouldBe(1);
    }

    [Fact]
    public void A_schema_that_would_read_old_files_wrongly_is_refused()
    {
        var table = Apply(New(), new TableUpdate.AddSchema(new Schema(new StructType([.. Events.Columns.Fields, NestedField.Optional(9, "n", PrimitiveType.Int)]))), new TableUpdate.SetCurrentSchema(-1));

        // There are none yet.
        Apply(table, Add(NestedField.Optional(9, "n", PrimitiveType.String)));
        table = table with { LastSequenceNumber = 1 };
        Apply(table, Add(NestedField.Optional(9, "n", PrimitiveType.Long)));
        Apply(table, Add(NestedField.Optional(9, "renamed", PrimitiveType.Int), NestedField.Optional(10, "n", PrimitiveType.String)));
        Invalid(() => Apply(table, Add(NestedField.Optional(9, "n", PrimitiveType.String)))).ShouldContain("cannot become string");
        Invalid(() => Apply(table, Add(NestedField.Optional(9, "n", StructType.Of(NestedField.Optional(10, "x", PrimitiveType.Int)))))).ShouldContain("cannot become struct");
        Invalid(() => Apply(table, Add(NestedField.Optional(5, "m", PrimitiveType.Int)))).ShouldContain("new fields begin at 10");

        static TableUpdate Add(params NestedField[] fields) => new TableUpdate.AddSchema(new Schema(new StructType([.. Events.Columns.Fields, .. fields])));
    }

    [Fact]
    public void Partition_fields_keep_their_ids_through_every_evolution()
    {
        var table = New();
        var dropped = Apply(table, new TableUpdate.AddSpec(new PartitionSpec(0, [PartitionField.Of(1, "bucket", Transform.Bucket(16)), PartitionField.Of(3, "region_part", Transform.Identity)])), new TableUpdate.SetDefaultSpec(TableUpdate.LastAdded));
        dropped.DefaultSpec.Fields.Select(field => field.FieldId).ShouldBe([1001, 1002]);
        (dropped.DefaultSpecId, dropped.LastPartitionId).ShouldBe((1, 1002));

        // An equivalent spec is not added again; the field ids are no part of that.
        var again = Apply(dropped, new TableUpdate.AddSpec(ByDay), new TableUpdate.SetDefaultSpec(TableUpdate.LastAdded));
        (again.DefaultSpecId, again.PartitionSpecs.Count).ShouldBe((0, 2));
        var voided = Apply(dropped, new TableUpdate.AddSpec(new PartitionSpec(0, [new PartitionField(2, 1000, "ts_day", Transform.Void), PartitionField.Of(1, "id_bucket", Transform.Bucket(16))])));
        voided.FindSpec(2)!.Fields.Select(field => field.FieldId).ShouldBe([1000, 1001]);
        Invalid(() => Apply(table, new TableUpdate.AddSpec(new PartitionSpec(0, [new PartitionField(3, 1000, "r", Transform.Identity)])))).ShouldContain("already means day");
        Invalid(() => Apply(table, new TableUpdate.AddSpec(new PartitionSpec(0, [PartitionField.Of(3, "x", Transform.Parse("zorder"))])))).ShouldContain("not known");
        Invalid(() => Apply(table, new TableUpdate.AddSpec(new PartitionSpec(0, [PartitionField.Of(3, "x", Transform.Year)])))).ShouldContain("does not take string");
        Invalid(() => Apply(table, new TableUpdate.AddSpec(new PartitionSpec(0, [PartitionField.Of(3, "id", Transform.Bucket(2))])))).ShouldContain("name of a column");
        Invalid(() => Apply(table, new TableUpdate.RemovePartitionSpecs([0]))).ShouldContain("default partition spec");
        Apply(dropped, new TableUpdate.RemovePartitionSpecs([0])).PartitionSpecs.Single().SpecId.ShouldBe(1);
        dropped.DefaultSpec.PathOf(Events, new PartitionTuple(DataLake.Iceberg.Values.IcebergValue.Int(3), DataLake.Iceberg.Values.IcebergValue.String("a/b c"))).ShouldBe("bucket=3/region_part=a%2Fb%20c");
    }

    [Fact]
    public void The_unsorted_order_is_0_and_others_count_from_1()
    {
        var unsorted = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Uuid, "s3://b/t", Events), new MetadataChange(1, null));
        (unsorted.DefaultSortOrderId, unsorted.LastPartitionId, unsorted.DefaultSpec.IsUnpartitioned).ShouldBe((0, 999, true));
        var sorted = Apply(unsorted, new TableUpdate.AddSortOrder(ById), new TableUpdate.SetDefaultSortOrder(TableUpdate.LastAdded));
        sorted.DefaultSortOrderId.ShouldBe(1);
        Apply(sorted, new TableUpdate.AddSortOrder(SortOrder.Unsorted), new TableUpdate.SetDefaultSortOrder(TableUpdate.LastAdded)).DefaultSortOrderId.ShouldBe(0);
        Invalid(() => Apply(sorted, new TableUpdate.SetDefaultSortOrder(8))).ShouldContain("no sort order 8");
    }

    [Fact]
    public void Commits_move_main_and_write_both_logs()
    {
        var table = Commit(Commit(New(), 11, 2000, "s3://b/v1"), 12, 3000, "s3://b/v2");
        (table.CurrentSnapshotId, table.LastSequenceNumber, table.LastUpdatedMs).ShouldBe((12L, 2L, 3000L));
        table.CurrentSnapshot!.ParentSnapshotId.ShouldBe(11);
        table.SnapshotLog.ShouldBe([new(2000, 11), new(3000, 12)]);
        table.MetadataLog.ShouldBe([new(1000, "s3://b/v1"), new(2000, "s3://b/v2")]);

        // Going back to an earlier snapshot happens when it happens, not when that snapshot was made.
        var back = Apply(table, new TableUpdate.SetSnapshotRef("main", new SnapshotReference(11, SnapshotReferenceType.Branch)));
        back.SnapshotLog[^1].ShouldBe(new SnapshotLogEntry(5000, 11));
        (back.CurrentSnapshotId, back.LastSequenceNumber).ShouldBe((11L, 2L));
    }

    [Fact]
    public void A_clock_that_lags_behind_another_writers_does_not_turn_time_back()
    {
        var table = Commit(Commit(New(), 11, 3000, "s3://b/v1"), 12, 2500, "s3://b/v2");
        (table.LastUpdatedMs, table.SnapshotLog[^1], table.MetadataLog[^1].TimestampMs).ShouldBe((3000L, new SnapshotLogEntry(3000, 12), 3000L));
    }

    [Fact]
    public void A_snapshot_that_was_current_within_one_commit_only_is_not_logged()
    {
        var table = New();
        var first = Snapshot(table, 1);
        var second = Snapshot(table, 2) with { SequenceNumber = 2, ParentSnapshotId = 1 };
        var next = Apply(table, [.. TableMetadataUpdates.Commit(table, first), .. TableMetadataUpdates.Commit(table, second)]);
        next.SnapshotLog.ShouldBe([new(second.TimestampMs, 2)]);
        next.Snapshots.Count.ShouldBe(2);
    }

    [Fact]
    public void Expired_snapshots_take_their_references_statistics_and_the_log_before_them_along()
    {
        var table = Commit(Commit(Commit(New(), 1), 2), 3);
        table = Apply(table,
            new TableUpdate.SetSnapshotRef("old", new SnapshotReference(1, SnapshotReferenceType.Tag) { MaxRefAgeMs = 5 }),
            new TableUpdate.SetSnapshotRef("mid", new SnapshotReference(2, SnapshotReferenceType.Branch)),
            new TableUpdate.SetStatistics(new StatisticsFile(1, """{"snapshot-id":1}""")),
            new TableUpdate.SetStatistics(new StatisticsFile(2, """{"snapshot-id":2}""")),
            new TableUpdate.SetPartitionStatistics(new StatisticsFile(2, """{"snapshot-id":2}""")));
        var next = Apply(table, new TableUpdate.RemoveSnapshots([2, 99]));
        next.Snapshots.Select(snapshot => snapshot.SnapshotId).ShouldBe([1L, 3L]);
        next.Refs.Keys.Order().ShouldBe(["main", "old"]);
        next.SnapshotLog.ShouldBe([new(2000, 3)]);
        next.Statistics.Single().SnapshotId.ShouldBe(1);
        next.PartitionStatistics.ShouldBeEmpty();
        var empty = Apply(next, new TableUpdate.RemoveSnapshots([1, 3]));
        (empty.CurrentSnapshotId, empty.Refs.Count, empty.SnapshotLog.Count).ShouldBe((null, 0, 0));
        empty.NextSequenceNumber.ShouldBe(4);
    }

    [Fact]
    public void A_snapshot_for_an_older_table_is_a_conflict_that_a_retry_can_solve()
    {
        var table = New();
        var late = Snapshot(table, 1);
        var error = Should.Throw<IcebergException>(() => Apply(Commit(table, 2), new TableUpdate.AddSnapshot(late)));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        Invalid(() => Apply(Commit(table, 1), new TableUpdate.AddSnapshot(late with { SequenceNumber = 9 }))).ShouldContain("has a snapshot 1");
        Invalid(() => Apply(table, new TableUpdate.SetSnapshotRef("main", new SnapshotReference(1, SnapshotReferenceType.Branch)))).ShouldContain("no snapshot");
        Invalid(() => Apply(Commit(table, 1), new TableUpdate.SetSnapshotRef("main", new SnapshotReference(1, SnapshotReferenceType.Tag)))).ShouldContain("cannot be a tag");
        Invalid(() => Apply(table, new TableUpdate.AddSnapshot(late with { ManifestList = null }))).ShouldContain("no manifest list");
    }

    [Fact]
    public void Branches_keep_their_retention_when_a_commit_moves_them()
    {
        var table = Apply(Commit(New(), 1), new TableUpdate.SetSnapshotRef("main", new SnapshotReference(1, SnapshotReferenceType.Branch) { MinSnapshotsToKeep = 5, MaxSnapshotAgeMs = 6 }));
        table.SnapshotLog.Count.ShouldBe(1);
        Commit(table, 2).Refs["main"].ShouldBe(new SnapshotReference(2, SnapshotReferenceType.Branch) { MinSnapshotsToKeep = 5, MaxSnapshotAgeMs = 6 });
    }

    [Fact]
    public void Properties_location_and_uuid_change_as_asked()
    {
        var table = Apply(New(), new TableUpdate.SetProperties(new Dictionary<string, string> { ["a"] = "1", ["owner"] = "you" }), new TableUpdate.RemoveProperties(["a", "none"]), new TableUpdate.SetLocation("s3://c/t"));
        table.Properties.ShouldBe(new Dictionary<string, string> { ["owner"] = "you" });
        table.Location.ShouldBe("s3://c/t");
        Invalid(() => Apply(table, new TableUpdate.AssignUuid(Guid.NewGuid()))).ShouldContain("never changes");
        Invalid(() => Apply(table, new TableUpdate.UpgradeFormatVersion(1))).ShouldContain("cannot go back");
        Should.Throw<IcebergException>(() => Apply(table, new TableUpdate.UpgradeFormatVersion(4))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Fact]
    public void A_table_of_version_3_gives_row_ids_once_and_never_goes_back()
    {
        var table = Apply(Commit(New(), 1), new TableUpdate.UpgradeFormatVersion(3));
        (table.FormatVersion, table.NextRowId, table.HasRowLineage, table.CurrentSnapshot!.FirstRowId).ShouldBe((3, 0, true, null));
        table = Commit(Commit(table, 2), 3);
        (table.NextRowId, table.FindSnapshot(2)!.FirstRowId, table.FindSnapshot(3)!.FirstRowId).ShouldBe((20, 0, 10));
        Parse(JsonOf(table)).NextRowId.ShouldBe(20);
        JsonOf(Parse(JsonOf(table))).ShouldBe(JsonOf(table));

        // Also what a branch takes, and what is rolled back.
        var snapshot = Snapshot(table, 4);
        table = Apply(table, new TableUpdate.AddSnapshot(snapshot), new TableUpdate.RemoveSnapshots([4]));
        table.NextRowId.ShouldBe(30);
        var late = Should.Throw<IcebergException>(() => Apply(table, new TableUpdate.AddSnapshot(snapshot with { SnapshotId = 5, SequenceNumber = 9 })));
        (late.Kind, late.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        Invalid(() => Apply(table, new TableUpdate.AddSnapshot(Snapshot(table, 5) with { FirstRowId = null }))).ShouldContain("lacks its first row id");
        Invalid(() => Apply(table, new TableUpdate.AddSnapshot(Snapshot(table, 5) with { AddedRows = long.MaxValue }))).ShouldContain("more than there are ids");
        Invalid(() => Apply(table, new TableUpdate.UpgradeFormatVersion(2))).ShouldContain("cannot go back");
    }

    [Fact]
    public void Encryption_keys_are_kept_as_they_are()
    {
        var key = new EncryptionKey("k", """{"key-id":"k","encrypted-key-metadata":"aa==","later":[1]}""");
        var table = Apply(New(3), new TableUpdate.AddEncryptionKey(key), new TableUpdate.AddEncryptionKey(new EncryptionKey("j", """{"key-id":"j","encrypted-key-metadata":"b"}""")), new TableUpdate.RemoveEncryptionKey("j"));
        (table.IsEncrypted, New(3).IsEncrypted).ShouldBe((true, false));
        Parse(JsonOf(table)).EncryptionKeys.ShouldBe([key]);
    }

    [Fact]
    public void The_metadata_log_keeps_as_many_entries_as_the_table_says()
    {
        var table = Apply(New(), new TableUpdate.SetProperties(new Dictionary<string, string> { [TableMetadataUpdates.PreviousVersionsMax] = "2" }));
        for (var i = 1; i <= 5; i++) table = Commit(table, i, 2000 + i, $"s3://b/v{i}");
        table.MetadataLog.Select(entry => entry.MetadataFile).ShouldBe(["s3://b/v4", "s3://b/v5"]);
    }

    [Fact]
    public void A_version_1_table_becomes_version_2_in_the_commit_that_changes_it()
    {
        var old = Parse("""
            {"format-version":1,"location":"s3://b/t","last-updated-ms":5,"last-column-id":1,"schema":{"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":"int"}]},
             "partition-spec":[],"current-snapshot-id":7,"snapshots":[{"snapshot-id":7,"timestamp-ms":4,"manifest-list":"s3://b/t/l.avro"}],"snapshot-log":[{"timestamp-ms":4,"snapshot-id":7}]}
            """);
        Should.Throw<IcebergException>(() => Apply(old, new TableUpdate.SetLocation("s3://c"))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
        var table = Apply(old, new TableUpdate.AssignUuid(Uuid), new TableUpdate.UpgradeFormatVersion(2));
        (table.NextSequenceNumber, table.CurrentSnapshotId).ShouldBe((1L, 7L));
        var next = Parse(JsonOf(Commit(table, 8)));
        next.Snapshots.Select(snapshot => snapshot.SequenceNumber).ShouldBe([0L, 1L]);
    }

    [Fact]
    public void Updates_travel_as_the_rest_catalog_has_them()
    {
        var json = """
            [{"action":"assign-uuid","uuid":"fb072c92-a02b-11e9-ae9c-1bb7bc9eca94"},{"action":"upgrade-format-version","format-version":2},
             {"action":"add-schema","schema":{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"id","required":true,"type":"long"}]}},{"action":"set-current-schema","schema-id":-1},
             {"action":"add-spec","spec":{"spec-id":0,"fields":[{"source-id":1,"name":"id_bucket","transform":"bucket[4]"}]}},{"action":"set-default-spec","spec-id":-1},
             {"action":"add-sort-order","sort-order":{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"}]}},{"action":"set-default-sort-order","sort-order-id":-1},
             {"action":"add-snapshot","snapshot":{"sequence-number":1,"snapshot-id":5,"timestamp-ms":6,"summary":{"operation":"append"},"manifest-list":"s3://b/l","schema-id":0}},
             {"action":"set-snapshot-ref","ref-name":"main","snapshot-id":5,"type":"branch","max-snapshot-age-ms":7},{"action":"remove-snapshots","snapshot-ids":[4]},{"action":"remove-snapshot-ref","ref-name":"x"},
             {"action":"set-location","location":"s3://b/t"},{"action":"set-properties","updates":{"a":"1"}},{"action":"remove-properties","removals":["b"]},
             {"action":"set-statistics","snapshot-id":5,"statistics":{"snapshot-id":5,"statistics-path":"s3://b/s"}},{"action":"remove-statistics","snapshot-id":4},
             {"action":"set-partition-statistics","snapshot-id":5,"partition-statistics":{"snapshot-id":5}},{"action":"remove-partition-statistics","snapshot-id":4},
             {"action":"remove-partition-specs","spec-ids":[9]},{"action":"remove-schemas","schema-ids":[9]},
             {"action":"add-encryption-key","encryption-key":{"key-id":"k","encrypted-key-metadata":"aa=="}},{"action":"remove-encryption-key","key-id":"k"}]
            """;
        var updates = TableUpdateJson.Parse(Encoding.UTF8.GetBytes(json));
        var again = Encoding.UTF8.GetString(TableUpdateJson.ToUtf8(updates));
        JsonNode.DeepEquals(JsonNode.Parse(again), JsonNode.Parse(json)).ShouldBeTrue(again);

        // A catalog that gets them from elsewhere can make the table of them.
        var table = TableMetadataUpdates.Apply(null, updates, new MetadataChange(9, null));
        (table.CurrentSnapshotId, table.DefaultSpec.Fields[0].FieldId, table.Location).ShouldBe((5L, 1000, "s3://b/t"));
        typeof(TableUpdate).GetNestedTypes().Length.ShouldBe(updates.Select(update => update.GetType()).Distinct().Count());
        Should.Throw<IcebergException>(() => TableUpdateJson.Parse("""[{"action":"add-view-version"}]"""u8.ToArray())).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Fact]
    public void Requirements_travel_and_fail_when_somebody_else_committed()
    {
        var json = """
            [{"type":"assert-table-uuid","uuid":"fb072c92-a02b-11e9-ae9c-1bb7bc9eca94"},{"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":1},{"type":"assert-ref-snapshot-id","ref":"none","snapshot-id":null},
             {"type":"assert-last-assigned-field-id","last-assigned-field-id":3},{"type":"assert-current-schema-id","current-schema-id":0},
             {"type":"assert-last-assigned-partition-id","last-assigned-partition-id":1001},{"type":"assert-default-spec-id","default-spec-id":0},{"type":"assert-default-sort-order-id","default-sort-order-id":1},{"type":"assert-create"}]
            """;
        var all = TableRequirementJson.Parse(Encoding.UTF8.GetBytes(json));
        var again = Encoding.UTF8.GetString(TableRequirementJson.ToUtf8(all));
        JsonNode.DeepEquals(JsonNode.Parse(again), JsonNode.Parse(json)).ShouldBeTrue(again);
        typeof(TableRequirement).GetNestedTypes().Length.ShouldBe(all.Select(requirement => requirement.GetType()).Distinct().Count());

        var table = Commit(New(), 1);
        foreach (var requirement in all.SkipLast(1)) requirement.Check(table);
        all[^1].Check(null);
        var other = Apply(Commit(Apply(table, new TableUpdate.AddSchema(new Schema(new StructType([.. Events.Columns.Fields, NestedField.Optional(4, "x", PrimitiveType.Int)]))), new TableUpdate.SetCurrentSchema(-1)), 2),
            new TableUpdate.AddSpec(new PartitionSpec(0, [PartitionField.Of(3, "r", Transform.Truncate(1))])), new TableUpdate.SetDefaultSpec(-1), new TableUpdate.AddSortOrder(SortOrder.Unsorted), new TableUpdate.SetDefaultSortOrder(-1),
            new TableUpdate.SetSnapshotRef("none", new SnapshotReference(1, SnapshotReferenceType.Tag))) with { TableUuid = Guid.NewGuid() };
        foreach (var requirement in all)
        {
            var error = Should.Throw<IcebergException>(() => requirement.Check(other));
            (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.CommitConflict, true));
        }

        Should.Throw<IcebergException>(() => all[0].Check(null)).Kind.ShouldBe(IcebergErrorKind.CommitConflict);
        Should.Throw<IcebergException>(() => TableRequirementJson.Parse("""[{"type":"assert-weather"}]"""u8.ToArray())).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    private static string Invalid(Func<TableMetadata> apply)
    {
        var error = Should.Throw<IcebergException>(() => apply());
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        return error.Message;
    }
}
