using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.ParquetFiles;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Metadata;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Iceberg.Tests.Files;

/// <summary>Metrics of data files, held against the values themselves.</summary>
public sealed class ParquetDataFileTests
{
    private static readonly Schema AllTypes = new(new StructType([.. RandomRows.Types.Select((type, i) => new NestedField(i + 1, $"c{i + 1}", type, Required: i % 3 == 0))]));

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 350)]
    [InlineData(4, 1000)]
    public async Task Counts_and_bounds_hold_for_the_values_of_every_type(int seed, int count)
    {
        using var folder = new LakeFolder();
        var random = new RandomRows(seed);
        var rows = Enumerable.Range(0, count).Select(_ => random.Row(AllTypes)).ToList();
        var file = await folder.WriteAsync(AllTypes, rows);
        file.RecordCount.ShouldBe(count);
        file.FileSizeInBytes.ShouldBe(new FileInfo(LakeFolder.PathOf(file.FilePath)).Length);
        (file.SplitOffsets?.Count ?? 0).ShouldBe((count + 99) / 100);
        if (count > 0) file.SplitOffsets![0].ShouldBe(4);
        foreach (var (i, field) in AllTypes.Columns.Fields.Index())
        {
            var (type, values) = ((PrimitiveType)field.Type, rows.ConvertAll(row => row[i]));
            file.ValueCounts![field.Id].ShouldBe(count);
            file.NullValueCounts![field.Id].ShouldBe(values.Count(value => value.IsNull));
            if (type.Id is TypeId.Float or TypeId.Double) file.NanValueCounts![field.Id].ShouldBe(values.Count(value => value.IsNaN));
            var known = values.Where(value => !value.IsNull && !value.IsNaN).Order(Comparer<IcebergValue>.Create(IcebergValue.Compare)).ToList();
            HoldsFor(file.LowerBounds!, field, known.Count == 0 ? null : known[0], isLower: true);
            HoldsFor(file.UpperBounds!, field, known.Count == 0 ? null : known[^1], isLower: false);
        }

        file.ColumnSizes!.Values.ToArray().Sum().ShouldBeLessThan(file.FileSizeInBytes);
    }

    [Fact]
    public async Task Zeros_bound_both_zeros_and_a_column_of_nans_has_no_bounds()
    {
        using var folder = new LakeFolder();
        var schema = new Schema(StructType.Of(NestedField.Optional(1, "d", PrimitiveType.Double), NestedField.Optional(2, "n", PrimitiveType.Float)));
        var file = await folder.WriteAsync(schema, [[IcebergValue.Double(-0.0), IcebergValue.Float(float.NaN)], [IcebergValue.Double(0.0), IcebergValue.Float(float.NaN)], [IcebergValue.Double(double.NaN), IcebergValue.Null]]);
        SingleValueBinary.Read(PrimitiveType.Double, file.LowerBounds![1].Span).ShouldBe(IcebergValue.Double(-0.0));
        SingleValueBinary.Read(PrimitiveType.Double, file.UpperBounds![1].Span).ShouldBe(IcebergValue.Double(0.0));
        file.NanValueCounts!.ShouldBe([new(1, 1), new(2, 2)]);
        file.LowerBounds.TryGetValue(2, out _).ShouldBeFalse();
        file.UpperBounds.TryGetValue(2, out _).ShouldBeFalse();
    }

    [Fact]
    public async Task A_list_has_counts_under_its_elements_and_no_bounds()
    {
        using var folder = new LakeFolder();
        var location = folder.NextLocation();
        var schema = new ParquetSchema([ParquetColumn.List("l", ParquetColumn.Of("e", PhysicalType.Int32, fieldId: 7), fieldId: 6)]);
        await using var output = File.Create(LakeFolder.PathOf(location));
        await using var writer = new ParquetFileWriter(output, schema, new ParquetWriterOptions());
        var list = (ListColumnBuffer)writer[0];
        var elements = (Int32ColumnBuffer)list.Element;
        elements.Append(1);
        elements.Append(2);
        elements.AppendNull();
        list.EndList();
        list.AppendNull();
        var summary = await writer.CompleteAsync(default);
        var file = ParquetDataFile.Of(location, summary.ByteLength, summary.Metadata);
        file.ValueCounts!.ShouldBe([new(7, 4)]);
        file.NullValueCounts!.ShouldBe([new(7, 2)]);
        file.LowerBounds!.Count.ShouldBe(0);
        ParquetTypes.ToIceberg(schema).Columns.Fields.ShouldBe([NestedField.Optional(6, "l", new ListType(7, PrimitiveType.Int, ElementRequired: false))]);
        ParquetTypes.ToParquet(ParquetTypes.ToIceberg(schema)).Columns.ShouldBe(schema.Columns);
    }

    [Fact]
    public void A_chunk_without_statistics_leaves_the_file_without_bounds()
    {
        var known = new ColumnStatistics { NullCount = 0, MinValue = new byte[] { 1, 0, 0, 0 }, MaxValue = new byte[] { 9, 0, 0, 0 } };
        ParquetDataFile.Of("f", 1, Footer(known, known)).LowerBounds!.Count.ShouldBe(1);
        var file = ParquetDataFile.Of("f", 1, Footer(known, null));
        (file.LowerBounds!.Count, file.UpperBounds!.Count, file.NullValueCounts!.Count, file.ValueCounts![1]).ShouldBe((0, 0, 0, 20));
    }

    [Fact]
    public void A_column_without_a_field_id_is_refused_with_what_to_do()
    {
        var footer = new ParquetFileMetadata { Version = 1, RowCount = 0, RowGroups = [], Schema = new ParquetSchema([ParquetColumn.Text("name")]) };
        var error = Should.Throw<IcebergException>(() => ParquetDataFile.Of("f", 1, footer));
        error.Kind.ShouldBe(IcebergErrorKind.Invalid);
        error.Message.ShouldBe("The Parquet column 'name' has no field id, by which a table would know it; write the file with field ids, or read its table through a name mapping.");
    }

    [Fact]
    public void Every_type_goes_to_Parquet_and_back() => ParquetTypes.ToIceberg(ParquetTypes.ToParquet(AllTypes)).IsSameAs(AllTypes).ShouldBeTrue();

    private static void HoldsFor(FieldMap<ReadOnlyMemory<byte>> bounds, NestedField field, IcebergValue? extreme, bool isLower)
    {
        var type = (PrimitiveType)field.Type;
        if (!bounds.TryGetValue(field.Id, out var bytes))
        {
            // Nothing but 0xFF or the last code point cannot be raised.
            (extreme is null || (!isLower && type.Id is TypeId.String or TypeId.Binary)).ShouldBeTrue($"{field.Name} has no bound");
            return;
        }

        var bound = SingleValueBinary.Read(type, bytes.Span);
        var order = IcebergValue.Compare(bound, extreme!.Value);
        if (type.Id is TypeId.String or TypeId.Binary) (isLower ? order <= 0 : order >= 0).ShouldBeTrue($"{bound} of {field.Name} for {extreme}");
        else if (!extreme.Value.Type.Equals(TypeId.Float) && !extreme.Value.Type.Equals(TypeId.Double)) bound.ShouldBe(extreme.Value);
        else (isLower ? order <= 0 : order >= 0).ShouldBeTrue();
        if (type.Id == TypeId.String) bound.AsString().EnumerateRunes().Count().ShouldBeLessThanOrEqualTo(16);
        if (type.Id == TypeId.Binary) bound.AsBytes().Length.ShouldBeLessThanOrEqualTo(16);
    }

    private static ParquetFileMetadata Footer(params ColumnStatistics?[] statistics) => new()
    {
        Version = 1,
        RowCount = 10 * statistics.Length,
        Schema = new ParquetSchema([ParquetColumn.Of("a", PhysicalType.Int32, fieldId: 1)]),
        RowGroups =
        [
            .. statistics.Select(known => new RowGroupMetadata
            {
                RowCount = 10,
                TotalByteSize = 1,
                Columns =
                [
                    new ColumnChunkMetadata
                    {
                        PhysicalType = PhysicalType.Int32, Encodings = [], Codec = default, ValueCount = 10, TotalUncompressedSize = 1, TotalCompressedSize = 1, DataPageOffset = 4,
                        Statistics = known,
                    },
                ],
            }),
        ],
    };
}
