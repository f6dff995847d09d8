using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Deletes;

/// <summary>Deleted rows by value, held against comparing the values one by one.</summary>
public sealed class EqualityDeleteTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Rows_are_read_without_those_that_equal_deleted_values_of_every_type(int seed)
    {
        using var folder = new LakeFolder();
        var random = new RandomRows(seed);
        foreach (var type in RandomRows.Types)
        {
            var schema = new Schema(StructType.Of(NestedField.Optional(1, "a", type), NestedField.Optional(2, "b", PrimitiveType.Int)));
            var pool = Enumerable.Range(0, 30).Select(_ => random.Row(schema)[0]).ToList();
            var rows = Enumerable.Range(0, 250).Select(_ => new[] { random.Pick(pool), random.Chance(0.2) ? IcebergValue.Null : IcebergValue.Int(random.Next(3)) }).ToList();
            var byA = Enumerable.Range(0, 4).Select(_ => new[] { random.Pick(pool) }).ToList();
            var byBoth = Enumerable.Range(0, 25).Select(_ => new[] { random.Chance(0.2) ? IcebergValue.Null : IcebergValue.Int(random.Next(3)), random.Pick(pool) }).ToList();
            DataFile[] deletes = [await WriteAsync(folder, schema, [1], byA), await WriteAsync(folder, schema, [2, 1], byBoth)];
            var found = await folder.ReadAsync(schema, [new FileRows(await folder.WriteAsync(schema, rows), deletes)]);
            var expected = rows.Where(row => !byA.Exists(key => key[0] == row[0]) && !byBoth.Exists(key => key[0] == row[1] && key[1] == row[0])).ToList();
            found.Select(row => (row[0], row[1])).ShouldBe(expected.Select(row => (row[0], row[1])), $"{type}");
            expected.Count.ShouldBeLessThan(250);
        }
    }

    [Fact]
    public async Task A_file_from_before_the_column_has_nulls_in_it()
    {
        using var folder = new LakeFolder();
        var before = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Int)));
        var now = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Long), NestedField.Optional(2, "added", PrimitiveType.String)));
        var old = await folder.WriteAsync(before, [[IcebergValue.Int(1)], [IcebergValue.Int(2)]]);
        var kept = await folder.ReadAsync(now, [new FileRows(old, [await WriteAsync(folder, now, [1], [[IcebergValue.Long(1)]])])]);
        kept.ShouldHaveSingleItem().ShouldBe([IcebergValue.Long(2), IcebergValue.Null]);
        (await folder.ReadAsync(now, [new FileRows(old, [await WriteAsync(folder, now, [2], [[IcebergValue.String("")]])])])).Count.ShouldBe(2);
        (await folder.ReadAsync(now, [new FileRows(old, [await WriteAsync(folder, now, [2], [[IcebergValue.Null]])])])).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_equality_delete_file_names_its_columns()
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Int), NestedField.Optional(2, "l", new ListType(3, PrimitiveType.Int, true))));
        var file = await WriteAsync(folder, schema, [1], [[IcebergValue.Int(1)]]);
        (file.Content, file.RecordCount).ShouldBe((DataFileContent.EqualityDeletes, 1));
        file.EqualityIds.ShouldBe([1]);
        (await Should.ThrowAsync<IcebergException>(() => WriteAsync(folder, schema, [2], []))).Message.ShouldContain("Rows cannot be compared by the field 2");
        (await Should.ThrowAsync<IcebergException>(() => WriteAsync(folder, schema, [], []))).Message.ShouldContain("at least one column");
    }

    private static Task<DataFile> WriteAsync(LakeFolder folder, Schema schema, int[] ids, IEnumerable<IReadOnlyList<IcebergValue>> rows) =>
        folder.WriteDeletesAsync((output, location) => EqualityDeleteFile.WriteAsync(output, location, schema, ids, rows));
}
