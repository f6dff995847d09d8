using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Files;

/// <summary>Rows of files that were written before a column was there (<see href="https://iceberg.apache.org/spec/#default-values">Default values</see>), and columns whose values are not read here.</summary>
public sealed class DefaultValueTests
{
    private static readonly Schema Numbers = new(StructType.Of(NestedField.Mandatory(1, "n", PrimitiveType.Long)));

    [Theory]
    [InlineData("boolean", "true")]
    [InlineData("int", "-7")]
    [InlineData("long", "34")]
    [InlineData("float", "1.5")]
    [InlineData("double", "-2.5")]
    [InlineData("decimal(9, 2)", "\"14.20\"")]
    [InlineData("decimal(38, 3)", "\"-99999999999999999999.999\"")]
    [InlineData("date", "\"2017-11-16\"")]
    [InlineData("time", "\"22:31:08.123456\"")]
    [InlineData("timestamp", "\"2017-11-16T22:31:08.123456\"")]
    [InlineData("timestamptz", "\"2017-11-16T22:31:08.123456+00:00\"")]
    [InlineData("timestamp_ns", "\"2017-11-16T22:31:08.123456789\"")]
    [InlineData("timestamptz_ns", "\"2017-11-16T22:31:08.123456789+00:00\"")]
    [InlineData("string", "\"ice\u00dferg\"")]
    [InlineData("uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"")]
    [InlineData("fixed[4]", "\"000102ff\"")]
    [InlineData("binary", "\"000102ff\"")]
    public async Task A_column_that_a_file_lacks_has_its_initial_default(string type, string json)
    {
        using var folder = new LakeFolder();
        var file = await folder.WriteAsync(Numbers, Enumerable.Range(0, 300).Select(n => new[] { IcebergValue.Long(n) }));
        var schema = With(type, json, required: true);
        var value = SingleValueJson.Parse((PrimitiveType)schema.FindField(2)!.Type, System.Text.Encoding.UTF8.GetBytes(json));
        (await folder.ReadAsync(schema, [new FileRows(file, [])])).ShouldAllBe(row => row[1] == value);

        // A file that has the column has its values, nulls too.
        var later = await folder.WriteAsync(With(type, "null", required: false), [[IcebergValue.Long(1), IcebergValue.Null], [IcebergValue.Long(2), value]]);
        var rows = await folder.ReadAsync(With(type, json, required: false), [new FileRows(file, []), new FileRows(later, [])]);
        (rows.Count, rows[^2][1].IsNull, rows[^1][1]).ShouldBe((302, true, value));
    }

    [Fact]
    public async Task A_default_that_is_no_value_of_its_column_is_refused()
    {
        using var folder = new LakeFolder();
        var file = await folder.WriteAsync(Numbers, [[IcebergValue.Long(1)]]);
        (await Should.ThrowAsync<IcebergException>(() => folder.ReadAsync(With("int", "\"x\"", required: false), [new FileRows(file, [])]))).Kind.ShouldBe(IcebergErrorKind.Corrupt);
        (await Should.ThrowAsync<IcebergException>(() => folder.ReadAsync(With("int", "null", required: true), [new FileRows(file, [])]))).Message.ShouldContain("does not have the required column 'd'");
        var list = """{"type":"list","element-id":3,"element":"int","element-required":false}""";
        (await Should.ThrowAsync<IcebergException>(() => folder.ReadAsync(With(list, "[1]", required: false), [new FileRows(file, [])]))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Theory]
    [InlineData("variant")]
    [InlineData("geometry(OGC:CRS84)")]
    [InlineData("unknown")]
    public async Task Columns_whose_values_are_not_read_here_are_null_where_a_file_lacks_them_and_refused_where_it_has_them(string type)
    {
        using var folder = new LakeFolder();
        var schema = With(type, "null", required: false);
        var file = await folder.WriteAsync(Numbers, [[IcebergValue.Long(1)]]);
        (await folder.ReadAsync(schema, [new FileRows(file, [])])).Single()[1].IsNull.ShouldBeTrue();
        var other = await folder.WriteAsync(With("binary", "null", required: false), [[IcebergValue.Long(1), IcebergValue.Binary([1])]]);
        (await Should.ThrowAsync<IcebergException>(() => folder.ReadAsync(schema, [new FileRows(other, [])]))).Message.ShouldContain($"cannot be read as {type}");
        (await Should.ThrowAsync<IcebergException>(() => folder.WriteAsync(schema, []))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Theory]
    [InlineData("timestamp_ns", "null")]
    [InlineData("variant", "null")]
    [InlineData("int", "7")]
    public void What_begins_with_version_3_needs_a_table_of_it(string type, string initial)
    {
        var schema = new Schema(new StructType([.. TableCases.Events.Columns.Fields, With(type, initial, required: false).FindField(2)! with { Id = 4 }]), identifierFieldIds: [1]);
        TableUpdate[] updates = [new TableUpdate.AddSchema(schema), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)];
        var error = Should.Throw<IcebergException>(() => TableCases.Apply(TableCases.New(), updates));
        (error.Kind, error.Message.Contains("upgrade-format-version", StringComparison.Ordinal)).ShouldBe((IcebergErrorKind.Invalid, true));
        var table = TableCases.Apply(TableCases.New(), [new TableUpdate.UpgradeFormatVersion(3), .. updates]);
        TableCases.Parse(TableCases.JsonOf(table)).CurrentSchema.ShouldBe(table.CurrentSchema);

        var changed = new Schema(new StructType([.. TableCases.Events.Columns.Fields, With(type, "8", required: false).FindField(2)! with { Id = 4 }]), identifierFieldIds: [1]);
        Should.Throw<IcebergException>(() => TableCases.Apply(TableCases.Commit(table, 1), new TableUpdate.AddSchema(changed))).Message.ShouldContain("which never changes");
    }

    private static Schema With(string type, string initial, bool required) => SchemaJson.Parse(System.Text.Encoding.UTF8.GetBytes(
        $$"""{"type":"struct","fields":[{"id":1,"name":"n","required":true,"type":"long"},{"id":2,"name":"d","required":{{(required ? "true" : "false")}},"type":{{(type[0] == '{' ? type : $"\"{type}\"")}},"initial-default":{{initial}}}]}"""));
}
