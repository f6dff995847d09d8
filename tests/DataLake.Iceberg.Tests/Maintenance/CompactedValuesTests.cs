using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Maintenance;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Operations;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Rows;
using DataLake.Iceberg.Sorting;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Files;
using DataLake.Iceberg.Tests.Operations;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Writing;
using SortDirection = DataLake.Iceberg.Sorting.SortDirection;

namespace DataLake.Iceberg.Tests.Maintenance;

/// <summary>Every value comes through compaction as it was, in the type that its column has now.</summary>
public sealed class CompactedValuesTests(CatalogFixture lake) : IClassFixture<CatalogFixture>
{
    private const int Numbers = 100, Words = 102;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Values_of_all_types_stay_what_they_are_while_columns_change(bool isSorted)
    {
        var random = new RandomRows(isSorted ? 2 : 1);
        var table = await LakeTable.CreateAsync(
            lake, $"values_{isSorted}", null, new Dictionary<string, string> { ["write.parquet.bloom-filter-enabled.column.id"] = "true" },
            isSorted ? new SortOrder(1, [new SortField(1, Transform.Bucket(7), SortDirection.Ascending, NullOrder.NullsFirst)]) : null);
        var primitives = RandomRows.Types.Select((type, i) => NestedField.Optional(10 + i, $"c{i}", type)).ToList();
        var first = new Schema(new StructType(
        [
            NestedField.Mandatory(1, "id", PrimitiveType.Long), .. primitives,
            NestedField.Optional(Numbers, "numbers", new ListType(Numbers + 1, PrimitiveType.Float, ElementRequired: false)),
            NestedField.Optional(Words, "words", new ListType(Words + 1, PrimitiveType.String, ElementRequired: false)),
        ]));
        var expected = new List<Dictionary<int, object>>();
        var files = new List<DataFile>();
        for (var i = 0; i < 6; i++) files.Add(await WriteAsync(table, first, random, 300, expected));
        var base1 = await table.CommitAsync(TableChange.Append(files) with { Updates = Evolve(first) });
        var gone = new Dictionary<string, PositionSet>();
        foreach (var position in new[] { 0, 7, 59 }) (gone.TryGetValue(files[1].FilePath, out var set) ? set : gone[files[1].FilePath] = new PositionSet(300)).Add(position);
        foreach (var position in new[] { 359, 307, 300 }) expected.RemoveAt(position);
        await table.CommitAsync(TableChange.RowDelta(base1.Snapshot.SnapshotId, [await table.WriteAsync((output, location) => PositionDeleteFile.WriteAsync(output, location, gone, Cancellation))], [files[1]]));

        // A column goes, one comes, one has another name, and everything that can is wider.
        var second = new Schema(new StructType(
        [
            .. first.Columns.Fields.Where(field => field.Type is not PrimitiveType { Id: TypeId.Boolean }).Select(field => field.Type switch
            {
                PrimitiveType { Id: TypeId.Int } => field with { Type = PrimitiveType.Long, Name = "renamed" },
                PrimitiveType { Id: TypeId.Float } => field with { Type = PrimitiveType.Double },
                PrimitiveType { Id: TypeId.Decimal, Precision: < 38 } type => field with { Type = PrimitiveType.Decimal(type.Precision + 12, type.Scale) },
                ListType { ElementId: Numbers + 1 } list => field with { Type = list with { Element = PrimitiveType.Double } },
                _ => field,
            }),
            NestedField.Optional(200, "later", PrimitiveType.Decimal(5, 1)),
        ]));
        await table.CommitAsync(TableChange.Append() with { Updates = Evolve(second) });
        var metadata = (await table.LoadAsync()).Metadata;
        await table.CommitAsync(TableChange.Append(await WriteAsync(table, metadata.CurrentSchema, random, 30, expected)));
        var texts = expected.Select(row => string.Join('|', metadata.CurrentSchema.Columns.Fields.Select(field => Text(row.GetValueOrDefault(field.Id), field.Type)))).Order(StringComparer.Ordinal).ToList();
        (await TextsAsync(table)).ShouldBe(texts);

        var outcome = await new Compaction(lake.Catalog, lake.Files, TimeProvider.System).RunAsync(
            table.Identifier, new CompactionOptions { MemoryBytes = 100_000, Parquet = LakeFolder.Small with { RowGroupRows = 700 }, DeletedShare = 0.01 }, Cancellation);

        (outcome.RemovedFiles, outcome.RemovedDeleteFiles, outcome.AddedFiles).ShouldBe((7, 1, 1), string.Join('\n', outcome.Skipped.Select(group => group.Reason)));
        (await TextsAsync(table)).ShouldBe(texts);
        var written = (await table.PlanAsync()).Single().Data.DataFile;
        (written.RecordCount, written.ValueCounts![1], written.NanValueCounts!.Count).ShouldBe((expected.Count, expected.Count, 2));
        await using var reader = await ParquetFileReader.OpenAsync(lake.Files.OpenRead(written.FilePath), leaveOpen: false, options: null, Cancellation);
        reader.Metadata.Schema.Columns.ShouldBe(ParquetTypes.ToParquet(metadata.CurrentSchema).Columns);
        reader.Metadata.RowGroups[0].Columns[0].BloomFilter.ShouldNotBeNull();
    }

    [Fact]
    public async Task Batches_follow_the_size_of_the_rows()
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Long), NestedField.Optional(2, "text", PrimitiveType.String)));
        var file = await folder.WriteAsync(schema, Enumerable.Range(0, 6000).Select(id =>
            (IcebergValue[])[IcebergValue.Long(id), IcebergValue.String($"{id} {new string('x', id is > 2000 and < 3000 ? 5000 : 5)}")]), new ParquetWriterOptions());
        var batches = new List<(int Rows, long Bytes)>();
        await foreach (var batch in new RowReader(folder.Open, schema, batchBytes: 50_000).ReadAsync([new FileRows(file, [])], Cancellation))
            batches.Add((batch.RowCount, batch.Columns.Sum(column => column.ByteCount)));
        batches.Sum(batch => batch.Rows).ShouldBe(6000);
        batches.Count(batch => batch.Rows <= 10).ShouldBeGreaterThan(50);
        batches.Max(batch => batch.Rows).ShouldBeGreaterThan(100);

        // Only where large rows follow small ones a batch is larger than asked for, and the next one if they begin at its end.
        batches.Count(batch => batch.Bytes > 60_000).ShouldBeLessThanOrEqualTo(2);
        batches.Max(batch => batch.Bytes).ShouldBeLessThan(2_000_000);
    }

    private static IReadOnlyList<TableUpdate> Evolve(Schema schema) => [new TableUpdate.AddSchema(schema), new TableUpdate.SetCurrentSchema(TableUpdate.LastAdded)];

    private static async Task<DataFile> WriteAsync(LakeTable table, Schema schema, RandomRows random, int count, List<Dictionary<int, object>> expected)
    {
        var fields = schema.Columns.Fields;
        return await table.WriteAsync(async (output, location) =>
        {
            // Pages of which batches take a part, or several.
            await using var writer = new ParquetFileWriter(output, ParquetTypes.ToParquet(schema), LakeFolder.Small with { RowGroupRows = 200 });
            for (var row = 0; row < count; row++)
            {
                expected.Add([]);
                for (var i = 0; i < fields.Count; i++)
                {
                    if (fields[i].Type is ListType list)
                    {
                        if (random.Chance(0.2))
                        {
                            writer[i].AppendNull();
                            continue;
                        }

                        var elements = Enumerable.Range(0, random.Next(4)).Select(_ => random.Chance(0.3) ? IcebergValue.Null : random.Value((PrimitiveType)list.Element)).ToList();
                        foreach (var element in elements) ParquetValues.Append(((ListColumnBuffer)writer[i]).Element, element);
                        ((ListColumnBuffer)writer[i]).EndList();
                        expected[^1][fields[i].Id] = elements;
                        continue;
                    }

                    var value = i == 0 ? IcebergValue.Long(expected.Count) : random.Chance(0.2) ? IcebergValue.Null : random.Value((PrimitiveType)fields[i].Type);
                    ParquetValues.Append(writer[i], value);
                    if (!value.IsNull) expected[^1][fields[i].Id] = value;
                }

                await writer.EndBatchAsync(Cancellation);
            }

            var summary = await writer.CompleteAsync(Cancellation);
            return ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
        });
    }

    private static string Text(object? value, IcebergType type) => value switch
    {
        null => "null",
        List<IcebergValue> elements => $"[{string.Join(", ", elements.Select(element => Text(element, ((ListType)type).Element)))}]",
        IcebergValue { IsNull: true } => "null",
        IcebergValue one => $"{type}:{PartitionPromotion.Promote(one, (PrimitiveType)type)}",
        _ => throw new ArgumentOutOfRangeException(nameof(value)),
    };

    private static async Task<List<string>> TextsAsync(LakeTable table)
    {
        var schema = (await table.LoadAsync()).Metadata.CurrentSchema;
        var texts = new List<string>();
        await foreach (var batch in new RowReader(table.Open, schema, batchRows: 17).ReadAsync((await table.PlanAsync()).Select(LakeTable.RowsOf), Cancellation))
            foreach (var row in batch.Live) texts.Add(string.Join('|', batch.Columns.Select(column => Text(ValueOf(column, row), column.Field.Type))));
        return [.. texts.Order(StringComparer.Ordinal)];
    }

    private static object? ValueOf(RowColumn column, int row)
    {
        if (column.IsNull(row)) return null;
        if (column.Elements is not { } elements) return column[row];
        var (start, length) = column.ListOf(row).GetOffsetAndLength(elements.RowCount);
        return Enumerable.Range(start, length).Select(at => elements[at]).ToList();
    }
}
