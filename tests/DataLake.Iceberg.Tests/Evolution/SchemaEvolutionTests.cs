using DataLake.Iceberg.Evolution;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Evolution;

/// <summary>How a table follows its source.</summary>
public sealed class SchemaEvolutionTests
{
    private static readonly NestedField Id = NestedField.Mandatory(1, "id", PrimitiveType.Int), Name = NestedField.Optional(2, "name", PrimitiveType.String),
        Price = NestedField.Mandatory(3, "price", PrimitiveType.Decimal(9, 2)), Tags = NestedField.Optional(4, "tags", new ListType(5, PrimitiveType.Float, ElementRequired: true));

    [Fact]
    public void Nothing_changes_where_the_files_have_the_tables_schema() => SchemaEvolution.Updates("t", Table([Id, Name]), Of(Id, Name)).ShouldBeEmpty();

    [Fact]
    public void Columns_are_added_renamed_widened_made_optional_and_moved()
    {
        var table = Table([Id, Name, Price, Tags]);
        var files = Of(
            Price with { Type = PrimitiveType.Decimal(12, 2), Required = false }, NestedField.Optional(9, "new", PrimitiveType.Uuid), Name with { Name = "full_name" },
            Id with { Type = PrimitiveType.Long }, Tags with { Type = new ListType(5, PrimitiveType.Double, ElementRequired: false) });
        var next = Apply(table, SchemaEvolution.Updates("t", table, files));
        next.CurrentSchema.Columns.ShouldBe(files.Columns);
        (next.CurrentSchemaId, next.LastColumnId, next.Schemas.Count).ShouldBe((1, 9, 2));
        SchemaEvolution.Updates("t", next, files).ShouldBeEmpty();
    }

    [Fact]
    public void A_dropped_column_stays_optional_and_comes_back_under_its_id()
    {
        var table = Table([Id, Price, Name]);
        var next = Apply(table, SchemaEvolution.Updates("t", table, Of(Id, Name)));
        next.CurrentSchema.Columns.ShouldBe(StructType.Of(Id, Name, Price with { Required = false }));
        SchemaEvolution.Updates("t", next, Of(Id, Name)).ShouldBeEmpty();

        // Rows of in between have no price, so that it cannot become required again.
        Apply(next, SchemaEvolution.Updates("t", next, Of(Id, Price, Name))).CurrentSchema.Columns.ShouldBe(StructType.Of(Id, Price with { Required = false }, Name));
    }

    [Fact]
    public void A_new_column_takes_the_name_of_one_that_was_dropped()
    {
        var table = Table([Id, Name]);
        var text = NestedField.Optional(8, "name", PrimitiveType.Int);
        var next = Apply(table, SchemaEvolution.Updates("t", table, Of(Id, text)));
        next.CurrentSchema.Columns.ShouldBe(StructType.Of(Id, text));
        next.Schemas[0].Columns.ShouldBe(StructType.Of(Id, Name));
    }

    [Fact]
    public void Narrower_files_leave_a_wider_table_as_it_is()
    {
        var table = Table([Id with { Type = PrimitiveType.Long }, Name]);
        SchemaEvolution.Updates("t", table, Of(Id, Name)).ShouldBeEmpty();
        SchemaEvolution.Updates("t", table, Of(Id with { Type = PrimitiveType.Long }, Name with { Required = true })).ShouldBeEmpty();
    }

    [Fact]
    public void A_changed_type_is_refused_with_the_choices_there_are()
    {
        var error = Refused(Table([Id, Name]), Of(Id, Name with { Type = PrimitiveType.Int }));
        error.ShouldBe(
            "Table shop.orders: the column 'name' was string and is now int, and files with the one cannot be read as the other. Undo the change in the source; or give the column a new name there, so that "
            + "it becomes a new column and the earlier values stay under the old one; or drop the table and load it anew.");
        Refused(Table([Id, Price]), Of(Id, Price with { Type = PrimitiveType.Decimal(9, 3) })).ShouldContain("was decimal(9, 2) and is now decimal(9, 3)");
        Refused(Table([Id, Tags]), Of(Id, Tags with { Type = new ListType(6, PrimitiveType.Float, true) })).ShouldContain("was list<float> (elements 5) and is now list<float> (elements 6)");

        // Also where the column had left the current schema in the meantime.
        var table = Table([Id, Name]);
        table = Apply(table, SchemaEvolution.Updates("t", table, Of(Id, NestedField.Optional(8, "name", PrimitiveType.Int))));
        Refused(table, Of(Id, NestedField.Optional(2, "old", PrimitiveType.Date))).ShouldContain("'old' was string and is now date");
    }

    [Fact]
    public void A_table_that_never_had_rows_takes_the_columns_as_they_are()
    {
        var table = Table([Id, Name, Price, Tags], hasRows: false);
        var files = Of(Id with { Type = PrimitiveType.Uuid }, Name with { Type = new ListType(9, PrimitiveType.Date, true) }, Tags with { Type = PrimitiveType.Int, Required = true });
        var next = Apply(table, SchemaEvolution.Updates("t", table, files));
        next.Schemas.ShouldBe([next.CurrentSchema]);
        next.CurrentSchema.Columns.ShouldBe(StructType.Of([.. files.Columns.Fields, Price with { Required = false }]));
    }

    [Fact]
    public void A_required_column_is_added_only_where_no_rows_stay()
    {
        var files = Of(Id, Name, Price);
        Refused(Table([Id, Name]), files).ShouldContain("the new column 'price' (decimal(9, 2)) is required, but the rows that are in the table have no value of it. Make the column nullable in the source");
        var empty = Table([Id, Name], hasRows: false);
        Apply(empty, SchemaEvolution.Updates("t", empty, files)).CurrentSchema.Columns.ShouldBe(files.Columns);
        var full = Table([Id, Name]);
        Apply(full, SchemaEvolution.Updates("t", full, files, keepsRows: false)).CurrentSchema.Columns.ShouldBe(files.Columns);
    }

    [Fact]
    public void A_column_that_identifies_or_partitions_rows_does_not_go()
    {
        var table = Table([Id, Name], identifiers: [1]);
        Refused(table, Of(Name)).ShouldContain("'id' (int) identifies its rows and must be required, but the source has dropped it");
        Refused(table, Of(Id with { Required = false }, Name)).ShouldContain("identifies its rows and must be required, but it can be null now");
        Refused(table, Of(Name, NestedField.Mandatory(8, "id", PrimitiveType.Int))).ShouldContain("the new column 'id'");
        var partitioned = Table([Id, Name], spec: new PartitionSpec(0, [PartitionField.Of(2, "name_part", Transform.Truncate(2))]));
        Refused(partitioned, Of(Id, NestedField.Optional(8, "name", PrimitiveType.Int))).ShouldContain("(string, id 2) partitions it, and the source has dropped it and made another of the same name");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Files_of_every_schema_are_read_by_id_after_random_changes(int seed)
    {
        using var folder = new LakeFolder();
        var random = new RandomRows(seed);
        var source = Of(Id, Name);
        var table = Table([Id, Name]);
        var nextId = 10;
        List<(FileRows File, Schema Schema, List<IcebergValue[]> Rows)> written = [];
        for (var step = 0; step < 15; step++)
        {
            table = Apply(table, SchemaEvolution.Updates("t", table, source));
            var rows = Enumerable.Range(0, 30).Select(_ => random.Row(source)).ToList();
            written.Add((new FileRows(await folder.WriteAsync(source, rows), []), source, rows));
            foreach (var (file, schema, expected) in written)
            {
                var found = await folder.ReadAsync(table.CurrentSchema, [file], batchRows: 7);
                found.Count.ShouldBe(expected.Count);
                for (var row = 0; row < expected.Count; row++)
                    found[row].ShouldBe(table.CurrentSchema.Columns.Fields.Select(field => Expected(field, schema, expected[row])), $"step {step}, row {row}");
            }

            source = Change(source, random, ref nextId);
        }
    }

    private static IcebergValue Expected(NestedField field, Schema file, IcebergValue[] row)
    {
        var place = file.Columns.Fields.ToList().FindIndex(other => other.Id == field.Id);
        if (place < 0 || row[place].IsNull) return IcebergValue.Null;
        return ((PrimitiveType)field.Type).Id switch
        {
            TypeId.Long => IcebergValue.Long(row[place].AsLong()),
            TypeId.Double => IcebergValue.Double(row[place].Type == TypeId.Float ? row[place].AsFloat() : row[place].AsDouble()),
            _ => row[place],
        };
    }

    private static Schema Change(Schema source, RandomRows random, ref int nextId)
    {
        var fields = source.Columns.Fields.ToList();
        var at = random.Next(fields.Count);
        switch (random.Next(6))
        {
            case 0 or 1: fields.Insert(at, NestedField.Optional(++nextId, $"c{nextId}", random.Pick(RandomRows.Types))); break;
            case 2 when fields.Count > 2: fields.RemoveAt(at); break;
            case 3: fields[at] = fields[at] with { Name = $"r{++nextId}" }; break;
            case 4: fields[at] = fields[at] with { Required = false }; break;
            default:
                fields[at] = fields[at] with
                {
                    Type = (PrimitiveType)fields[at].Type switch
                    {
                        { Id: TypeId.Int } => PrimitiveType.Long,
                        { Id: TypeId.Float } => PrimitiveType.Double,
                        { Id: TypeId.Decimal } narrow => PrimitiveType.Decimal(Math.Min(38, narrow.Precision + 11), narrow.Scale),
                        var same => same,
                    },
                };
                break;
        }

        return Of([.. fields]);
    }

    private static string Refused(TableMetadata table, Schema files)
    {
        var error = Should.Throw<IcebergException>(() => SchemaEvolution.Updates("shop.orders", table, files));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        return error.Message;
    }

    private static Schema Of(params NestedField[] fields) => new(StructType.Of(fields));

    private static TableMetadata Apply(TableMetadata table, IReadOnlyList<TableUpdate> updates) =>
        updates.Count == 0 ? table : TableMetadataUpdates.Apply(table, updates, new MetadataChange(2, null));

    private static TableMetadata Table(NestedField[] fields, int[]? identifiers = null, PartitionSpec? spec = null, bool hasRows = true)
    {
        var schema = new Schema(StructType.Of(fields), identifierFieldIds: identifiers);
        var table = TableMetadataUpdates.Apply(null, TableMetadataUpdates.Creation(Guid.NewGuid(), "file:///t", schema, spec), new MetadataChange(1, null));
        if (!hasRows) return table;
        var snapshot = new Snapshot
        {
            SnapshotId = 5, SequenceNumber = table.NextSequenceNumber, TimestampMs = 1, ManifestList = "file:///t/list.avro", SchemaId = table.CurrentSchemaId,
            Summary = new Dictionary<string, string> { [SnapshotSummary.Operation] = "append" },
        };
        return TableMetadataUpdates.Apply(table, TableMetadataUpdates.Commit(table, snapshot), new MetadataChange(1, null));
    }
}
