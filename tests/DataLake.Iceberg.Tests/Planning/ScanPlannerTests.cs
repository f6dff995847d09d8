using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Planning;

public sealed class ScanPlannerTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("identity")]
    [InlineData("bucket[3]")]
    [InlineData("truncate[10]")]
    [InlineData("void")]
    [InlineData("")]
    public async Task Planning_by_a_predicate_keeps_exactly_the_files_whose_bounds_can_match(string transform)
    {
        var spec = transform.Length == 0 ? PartitionSpec.Unpartitioned : new PartitionSpec(0, [PartitionField.Of(1, "part", Transform.Parse(transform))]);
        var table = await LakeTable.CreateAsync(lake, $"prune_{transform.Trim(']').Replace('[', '_')}", spec);
        var metadata = (await table.LoadAsync()).Metadata;
        foreach (var id in (long[])[-25, -3, 0, 7, 12, 40]) await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (id, id * 2))));

        (await IdsAsync(table, ColumnPredicate.Equal(1, IcebergValue.Long(7)))).ShouldBe([7]);
        (await IdsAsync(table, ColumnPredicate.In(1, [IcebergValue.Long(40), IcebergValue.Long(-25), IcebergValue.Long(5)]))).ShouldBe([-25, 40]);
        (await IdsAsync(table, ColumnPredicate.Between(1, IcebergValue.Long(-3), IcebergValue.Long(7)))).ShouldBe([-3, 0, 7]);
        (await IdsAsync(table, ColumnPredicate.Between(1, IcebergValue.Long(8), IcebergValue.Null))).ShouldBe([12, 40]);
        (await IdsAsync(table, ColumnPredicate.Between(1, IcebergValue.Null, IcebergValue.Long(-3)))).ShouldBe([-25, -3]);
        (await IdsAsync(table, ColumnPredicate.Equal(2, IcebergValue.Long(14)), ColumnPredicate.Equal(1, IcebergValue.Long(12)))).ShouldBeEmpty();
        (await IdsAsync(table)).ShouldBe([-25, -3, 0, 7, 12, 40]);
    }

    [Fact]
    public async Task A_manifest_whose_partitions_cannot_match_is_not_opened()
    {
        var table = await LakeTable.CreateAsync(lake, "unopened", new PartitionSpec(0, [PartitionField.Of(1, "part", Transform.Identity)]));
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        var outcome = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))));
        foreach (var manifest in await new SnapshotReader(lake.Files).ManifestsAsync(outcome.Snapshot, Cancellation))
            if (manifest.AddedSnapshotId != outcome.Snapshot.SnapshotId) lake.Files.Delete(manifest.ManifestPath);
        (await IdsAsync(table, ColumnPredicate.Equal(1, IcebergValue.Long(2)))).ShouldBe([2]);
        (await Should.ThrowAsync<IcebergException>(() => IdsAsync(table))).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Fact]
    public async Task A_snapshot_is_found_by_its_id_its_time_and_its_name()
    {
        var table = await LakeTable.CreateAsync(lake, "travel");
        var metadata = (await table.LoadAsync()).Metadata;
        var first = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        var second = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))));
        var tagged = await lake.Catalog.CommitTableAsync(
            second.Table, [], [new TableUpdate.SetSnapshotRef("first", new SnapshotReference(first.Snapshot.SnapshotId, SnapshotReferenceType.Tag))], Cancellation);

        SnapshotSelection.ById(tagged.Metadata, first.Snapshot.SnapshotId).SequenceNumber.ShouldBe(1);
        (await table.RowsAsync(SnapshotSelection.ByReference(tagged.Metadata, "first"))).ShouldBe([(1, 1)]);
        SnapshotSelection.ByReference(tagged.Metadata, "main").SnapshotId.ShouldBe(second.Snapshot.SnapshotId);
        SnapshotSelection.AsOf(tagged.Metadata, DateTimeOffset.FromUnixTimeMilliseconds(second.Snapshot.TimestampMs)).SnapshotId.ShouldBe(second.Snapshot.SnapshotId);
        Should.Throw<IcebergException>(() => SnapshotSelection.AsOf(tagged.Metadata, DateTimeOffset.UnixEpoch)).Kind.ShouldBe(IcebergErrorKind.NotFound);
        Should.Throw<IcebergException>(() => SnapshotSelection.ByReference(tagged.Metadata, "nowhere")).Kind.ShouldBe(IcebergErrorKind.NotFound);
        Should.Throw<IcebergException>(() => SnapshotSelection.ById(tagged.Metadata, 1)).Kind.ShouldBe(IcebergErrorKind.NotFound);
    }

    [Fact]
    public async Task A_branch_grows_beside_main()
    {
        var table = await LakeTable.CreateAsync(lake, "branch");
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (1, 1))));
        var branched = await table.CommitAsync(TableChange.Append(await table.WriteAsync(metadata, (2, 2))) with { Branch = "audit" });
        (await table.RowsAsync()).ShouldBe([(1, 1)]);
        (await table.RowsAsync(SnapshotSelection.ByReference(branched.Table.Metadata, "audit"))).ShouldBe([(1, 1), (2, 2)]);
    }

    [Fact]
    public void Delete_files_apply_to_older_files_of_their_partition()
    {
        var table = Metadata.TableCases.New();
        var (day, other) = (new PartitionTuple(IcebergValue.Date(1), IcebergValue.Int(1)), new PartitionTuple(IcebergValue.Date(2), IcebergValue.Int(1)));
        var index = new DeleteIndex(table);
        index.Add(Entry(Delete("p", day), 5));
        index.Add(Entry(Delete("e", day) with { Content = DataFileContent.EqualityDeletes, EqualityIds = [1] }, 5));
        index.Add(Entry(Delete("named", day) with { ReferencedDataFile = "a" }, 5));

        Names(index, "a", day, 4).ShouldBe(["e", "named", "p"]);
        Names(index, "a", day, 5).ShouldBe(["named", "p"]);
        Names(index, "a", day, 6).ShouldBeEmpty();
        Names(index, "b", day, 5).ShouldBe(["p"]);
        Names(index, "b", other, 4).ShouldBeEmpty();
    }

    [Fact]
    public void Equality_deletes_of_an_unpartitioned_spec_apply_in_every_partition()
    {
        var table = Metadata.TableCases.Apply(Metadata.TableCases.New(), new TableUpdate.AddSpec(PartitionSpec.Unpartitioned));
        var unpartitioned = table.PartitionSpecs.Single(spec => spec.IsUnpartitioned).SpecId;
        var index = new DeleteIndex(table);
        index.Add(Entry(Delete("e", PartitionTuple.Empty) with { PartitionSpecId = unpartitioned, Content = DataFileContent.EqualityDeletes, EqualityIds = [1] }, 5));
        index.Add(Entry(Delete("p", PartitionTuple.Empty) with { PartitionSpecId = unpartitioned }, 5));
        Names(index, "a", new PartitionTuple(IcebergValue.Date(1), IcebergValue.Int(1)), 4).ShouldBe(["e"]);
    }

    [Fact]
    public void Equality_deletes_do_not_concern_files_whose_bounds_rule_their_keys_out()
    {
        var schema = new Schema(StructType.Of(NestedField.Optional(1, "id", PrimitiveType.Long), NestedField.Optional(2, "price", PrimitiveType.Double)));
        var table = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///t", schema), new MetadataChange(1, null));

        Concerns(Keys(1, 10, 20), Keys(1, 15, 30)).ShouldBeTrue();
        Concerns(Keys(1, 10, 20), Keys(1, 20, 30)).ShouldBeTrue();
        Concerns(Keys(1, 10, 20), Keys(1, 21, 30)).ShouldBeFalse();
        Concerns(Keys(1, 10, 20), Keys(1, 1, 9)).ShouldBeFalse();

        // A file that was written while the column was an int.
        Concerns(Keys(1, 10, 20), Keys(1, IcebergValue.Int(21), IcebergValue.Int(30))).ShouldBeFalse();

        // Nulls equal each other and are in no bounds; nor are NaNs; and what is not known rules nothing out.
        Concerns(Keys(1, 10, 20, nulls: 1), Keys(1, 21, 30)).ShouldBeFalse();
        Concerns(Keys(1, 10, 20, nulls: 1), Keys(1, 21, 30, nulls: 1)).ShouldBeTrue();
        Concerns(Keys(2, IcebergValue.Double(1), IcebergValue.Double(2)), Keys(2, IcebergValue.Double(3), IcebergValue.Double(4))).ShouldBeTrue();
        Concerns(Keys(1, 10, 20), Keys(1, 21, 30) with { UpperBounds = null, LowerBounds = null }).ShouldBeTrue();

        bool Concerns(DataFile delete, DataFile data)
        {
            var index = new DeleteIndex(table);
            index.Add(Entry(delete with { Content = DataFileContent.EqualityDeletes, EqualityIds = [.. delete.LowerBounds!.Select(bound => bound.Key)] }, 2));
            return index.For(Entry(data, 1)).Count == 1;
        }
    }

    [Fact]
    public void A_deletion_vector_applies_in_place_of_position_delete_files()
    {
        var day = new PartitionTuple(IcebergValue.Date(1), IcebergValue.Int(1));
        var index = new DeleteIndex(Metadata.TableCases.New(3));
        index.Add(Entry(Delete("p", day), 5));
        index.Add(Entry(Delete("e", day) with { Content = DataFileContent.EqualityDeletes, EqualityIds = [1] }, 9));
        index.Add(Entry(Vector("v", "a", 4), 6));
        index.Add(Entry(Vector("v", "b", 60), 6));

        Names(index, "a", day, 4).ShouldBe(["e", "v"]);
        Names(index, "a", day, 6).ShouldBe(["e", "v"]);
        Names(index, "a", day, 7).ShouldBe(["e"]);
        Names(index, "c", day, 4).ShouldBe(["e", "p"]);

        index.Add(Entry(Vector("w", "a", 4), 8));
        Names(index, "b", day, 4).ShouldBe(["e", "v"]);
        var error = Should.Throw<IcebergException>(() => Names(index, "a", day, 4));
        (error.Kind, error.Message.Contains("'a' has 2 deletion vectors in one snapshot", StringComparison.Ordinal)).ShouldBe((IcebergErrorKind.Corrupt, true));

        DataFile Vector(string path, string of, long offset) => Delete(path, day) with { FileFormat = FileFormat.Puffin, ReferencedDataFile = of, ContentOffset = offset, ContentSizeInBytes = 50 };
    }

    [Fact]
    public void Zeros_of_both_signs_are_one_value_and_NaN_leaves_nothing_out()
    {
        ColumnPredicate.Equal(1, IcebergValue.Double(0)).CanMatch(IcebergValue.Double(-0d), IcebergValue.Double(-0d)).ShouldBeTrue();
        ColumnPredicate.Between(1, IcebergValue.Double(0), IcebergValue.Null).CanMatch(IcebergValue.Double(-5), IcebergValue.Double(-0d)).ShouldBeTrue();
        ColumnPredicate.Equal(1, IcebergValue.Double(double.NaN)).CanMatch(IcebergValue.Double(1), IcebergValue.Double(2)).ShouldBeTrue();
        ColumnPredicate.Equal(1, IcebergValue.Double(3)).CanMatch(IcebergValue.Double(1), IcebergValue.Double(2)).ShouldBeFalse();
        Should.Throw<IcebergException>(() => ColumnPredicate.In(1, [])).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    [Fact]
    public void A_predicate_on_no_column_or_with_another_type_is_refused()
    {
        var table = Metadata.TableCases.New();
        Should.Throw<IcebergException>(() => new FileFilter(table, ColumnPredicate.Equal(99, IcebergValue.Long(1)))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        Should.Throw<IcebergException>(() => new FileFilter(table, ColumnPredicate.Equal(1, IcebergValue.Int(1)))).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    private static DataFile Keys(int column, long least, long greatest, long nulls = 0) => Keys(column, IcebergValue.Long(least), IcebergValue.Long(greatest), nulls);

    private static DataFile Keys(int column, IcebergValue least, IcebergValue greatest, long nulls = 0) => new()
    {
        FilePath = "a", RecordCount = 5, FileSizeInBytes = 1, NullValueCounts = new FieldMap<long>([new(column, nulls)]),
        LowerBounds = new FieldMap<ReadOnlyMemory<byte>>([new(column, SingleValueBinary.ToBytes(least))]), UpperBounds = new FieldMap<ReadOnlyMemory<byte>>([new(column, SingleValueBinary.ToBytes(greatest))]),
    };

    private static ManifestEntry Entry(DataFile file, long sequenceNumber) => ManifestEntry.Added(file, 1, sequenceNumber);

    private static DataFile Delete(string path, PartitionTuple partition) => new() { Content = DataFileContent.PositionDeletes, FilePath = path, Partition = partition, RecordCount = 1, FileSizeInBytes = 1 };

    private static IEnumerable<string> Names(DeleteIndex index, string path, PartitionTuple partition, long sequenceNumber) =>
        index.For(Entry(new DataFile { FilePath = path, Partition = partition, RecordCount = 1, FileSizeInBytes = 1 }, sequenceNumber)).Select(delete => delete.DataFile.FilePath).Order();

    private static async Task<IEnumerable<long>> IdsAsync(LakeTable table, params IReadOnlyList<ColumnPredicate> predicates)
    {
        var files = await table.PlanAsync(snapshot: null, predicates);
        return files.Select(file => BitConverter.ToInt64(file.Data.DataFile.LowerBounds![1].Span)).Order();
    }
}
