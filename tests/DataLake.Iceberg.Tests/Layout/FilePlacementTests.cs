using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Layout;

/// <summary>A file is put into a partition only where its bounds prove that every row lies there.</summary>
public sealed class FilePlacementTests
{
    public static TheoryData<string, string[], string?> Texts => new()
    {
        { "identity", ["nl", "nl"], "(nl)" },
        { "identity", ["nl", "nm"], null },
        { "truncate[2]", ["nl-1000", "nl-2000"], "(nl)" },
        { "truncate[2]", ["nl", "no"], null },

        // Bounds are cut after 16 letters; what is equal until there is told by its beginning, not by its whole.
        { "truncate[2]", ["nl-aaaaaaaaaaaaaaaaaaaaa", "nl-aaaaaaaaaaaaaaaaaaaab"], "(nl)" },
        { "identity", ["nl-aaaaaaaaaaaaaaaaaaaaa", "nl-aaaaaaaaaaaaaaaaaaaaa"], null },
        { "bucket[4]", ["nl", "nl"], "(0)|(1)|(2)|(3)" },
        { "bucket[1]", ["nl", "nm"], null },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public async Task Bounds_tell_the_partition_of_a_file(string transform, string[] values, string? expected)
    {
        var placed = await PlaceAsync(PrimitiveType.String, Transform.Parse(transform), [.. values.Select(IcebergValue.String)]);
        if (expected is null) (placed.PartitionSpecId, placed.Partition).ShouldBe((0, PartitionTuple.Empty));
        else expected.Split('|').ShouldContain(placed.Partition.ToString());
    }

    [Fact]
    public async Task Nulls_are_a_partition_of_their_own()
    {
        (await PlaceAsync(PrimitiveType.Date, Transform.Month, IcebergValue.Null, IcebergValue.Null)).ShouldSatisfyAllConditions(
            file => file.PartitionSpecId.ShouldBe(1), file => file.Partition[0].IsNull.ShouldBeTrue());
        (await PlaceAsync(PrimitiveType.Date, Transform.Month, IcebergValue.Null, IcebergValue.Date(3))).PartitionSpecId.ShouldBe(0);
        (await PlaceAsync(PrimitiveType.Date, Transform.Month, IcebergValue.Date(0), IcebergValue.Date(30))).Partition[0].ShouldBe(IcebergValue.Int(0));
        (await PlaceAsync(PrimitiveType.Date, Transform.Month, IcebergValue.Date(0), IcebergValue.Date(31))).PartitionSpecId.ShouldBe(0);
        (await PlaceAsync(PrimitiveType.Double, Transform.Identity, IcebergValue.Double(1), IcebergValue.Double(double.NaN))).PartitionSpecId.ShouldBe(0);
        (await PlaceAsync(PrimitiveType.Double, Transform.Identity, IcebergValue.Double(1), IcebergValue.Double(1))).PartitionSpecId.ShouldBe(1);
        (await PlaceAsync(PrimitiveType.Timestamp, Transform.Hour, IcebergValue.Timestamp(long.MaxValue), IcebergValue.Timestamp(long.MaxValue))).PartitionSpecId.ShouldBe(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_file_that_is_placed_has_no_row_of_another_partition(int seed)
    {
        var random = new RandomRows(seed);
        var placed = 0;
        foreach (var type in RandomRows.Types)
        {
            foreach (var transform in new[] { Transform.Identity, Transform.Year, Transform.Month, Transform.Day, Transform.Hour, Transform.Bucket(3), Transform.Truncate(1), Transform.Truncate(50) }.Where(one => one.CanTransform(type)))
            {
                for (var i = 0; i < 6; i++)
                {
                    var value = random.Value(type);
                    IcebergValue[] values = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Chance(0.6) ? value : random.Chance(0.3) ? IcebergValue.Null : random.Value(type))];
                    var file = await PlaceAsync(type, transform, values);
                    if (file.PartitionSpecId == 0) continue;
                    placed++;
                    values.Select(transform.Apply).Distinct().ShouldBe([file.Partition[0]], $"seed {seed}: {transform} of {string.Join(", ", values)}");
                }
            }
        }

        placed.ShouldBeGreaterThan(40);
    }

    private static async Task<DataFile> PlaceAsync(PrimitiveType type, Transform transform, params IcebergValue[] values)
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(NestedField.Optional(1, "value", type)));
        var file = await folder.WriteAsync(schema, values.Select(value => (IcebergValue[])[value]), LakeFolder.Small);
        var table = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///t", schema), new MetadataChange(1, null));
        return FilePlacement.Place(TableMetadataUpdates.Apply(table, new TableLayout([new LayoutPartition("value", transform)], []).Updates("t", table), new MetadataChange(2, null)), file);
    }
}
