using DataLake.Iceberg.Layout;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Layout;

public sealed class TableLayoutTests
{
    private static readonly Schema Schema = new(StructType.Of(
        NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "at", PrimitiveType.Timestamptz), NestedField.Optional(3, "zip", PrimitiveType.String), NestedField.Optional(4, "on", PrimitiveType.Date),
        NestedField.Optional(5, "price", PrimitiveType.Double), NestedField.Optional(6, "tags", new ListType(7, PrimitiveType.String, false)), NestedField.Optional(8, "on_year", PrimitiveType.Int)));

    [Fact]
    public void Fields_bear_the_names_that_other_programs_give_them()
    {
        var layout = Layout(("at", "day"), ("id", "bucket[16]"), ("zip", "truncate[4]"), ("zip", "identity"), ("on", "month"));
        layout.SpecOf("t", Schema).Fields.Select(field => (field.Name, field.SourceId, field.Transform.ToString())).ShouldBe(
            [("at_day", 2, "day"), ("id_bucket_16", 1, "bucket[16]"), ("zip_trunc_4", 3, "truncate[4]"), ("zip", 3, "identity"), ("on_month", 4, "month")]);
    }

    [Fact]
    public void A_table_that_is_laid_out_otherwise_gets_a_new_spec_and_order_and_an_old_one_when_it_is_wanted_again()
    {
        var table = Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///t", Schema));
        var divided = Layout(("at", "day")) with { Sorts = [new("id", SortDirection.Ascending, NullOrder.NullsFirst)] };
        table = Apply(table, divided.Updates("t", table));
        (table.DefaultSpecId, table.DefaultSortOrderId, table.PartitionSpecs.Count).ShouldBe((1, 1, 2));
        divided.Updates("t", table).ShouldBeEmpty();

        var finer = divided with { Partitions = [.. divided.Partitions, new LayoutPartition("id", Transform.Bucket(4))] };
        table = Apply(table, finer.Updates("t", table));
        table.DefaultSpec.Fields.Select(field => field.FieldId).ShouldBe([1000, 1001]);
        table = Apply(table, Layout().Updates("t", table));
        (table.DefaultSpecId, table.DefaultSortOrderId).ShouldBe((0, 0));
        table = Apply(table, divided.Updates("t", table));
        (table.DefaultSpecId, table.DefaultSortOrderId, table.PartitionSpecs.Count, table.SortOrders.Count).ShouldBe((1, 1, 3, 2));

        // A column of another name divides as before.
        table = Apply(table,
        [
            new TableUpdate.AddSchema(new Schema(new StructType([.. Schema.Columns.Fields.Select(field => field.Name == "at" ? field with { Name = "then" } : field)]))),
            new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded),
        ]);
        (divided with { Partitions = [new LayoutPartition("then", Transform.Day)] }).Updates("t", table).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a", "identity", "Table t is to be partitioned by the column 'a', which it does not have. It has: id, at, zip, on, price, tags, on_year. Correct the name (case counts).")]
    [InlineData("zip", "day", "cannot be partitioned by day of the column 'zip', which is string: day takes dates and times with a date")]
    [InlineData("on", "hour", "hour of the column 'on', which is date: hour takes times with a date")]
    [InlineData("price", "bucket[4]", "'price', which is double: bucket[4] takes all but truth values and floating-point numbers")]
    [InlineData("at", "truncate[4]", "'at', which is timestamptz: truncate[4] takes whole numbers, decimals, text and bytes")]
    [InlineData("id", "zorder[2]", "zorder[2] takes nothing that is known here")]
    [InlineData("tags", "identity", "cannot be partitioned by the column 'tags', which is list")]
    [InlineData("on", "year", "'on_year' is also the name of a column")]
    public void What_does_not_fit_the_columns_is_refused_with_the_reason(string column, string transform, string expected) =>
        Should.Throw<IcebergException>(() => Layout((column, transform)).SpecOf("t", Schema)).ShouldSatisfyAllConditions(
            error => error.Kind.ShouldBe(IcebergErrorKind.Invalid), error => error.Message.ShouldContain(expected));

    [Fact]
    public void A_sort_order_needs_columns_with_one_value_a_row()
    {
        var order = new TableLayout([], [new LayoutSort("price", SortDirection.Descending, NullOrder.NullsLast)]);
        order.OrderOf("t", Schema).Fields.ShouldBe([new SortField(5, Transform.Identity, SortDirection.Descending, NullOrder.NullsLast)]);
        Should.Throw<IcebergException>(() => (order with { Sorts = [new("tags", SortDirection.Ascending, NullOrder.NullsLast)] }).OrderOf("t", Schema)).Message.ShouldContain("cannot be sorted by the column 'tags'");
        Should.Throw<IcebergException>(() => (order with { Sorts = [new("Price", SortDirection.Ascending, NullOrder.NullsLast)] }).OrderOf("t", Schema)).Message.ShouldContain("is to be sorted by the column 'Price'");
    }

    private static TableLayout Layout(params IReadOnlyList<(string Column, string Transform)> parts) => new([.. parts.Select(part => new LayoutPartition(part.Column, Transform.Parse(part.Transform)))], []);

    private static TableMetadata Apply(TableMetadata? table, IReadOnlyList<TableUpdate> updates) => TableMetadataUpdates.Apply(table, updates, new MetadataChange(1, null));
}
