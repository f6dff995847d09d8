using DataLake.Parquet.Columns;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Parquet.Writing;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Parquet.Tests;

public sealed class ListTests
{
    private static readonly ParquetSchema Schema = new([
        ParquetColumn.Of("id", PhysicalType.Int32, nullable: false, fieldId: 1), ParquetColumn.List("tags", ParquetColumn.Text("any", fieldId: 3), fieldId: 2)]);

    [Fact]
    public async Task List_and_element_are_written_in_three_levels_with_their_field_ids()
    {
        using var folder = new TemporaryFolder();
        var path = folder.In("list.parquet");
        await using (var file = File.Create(path)) await new TestTable("ids", Schema, [[1, new object?[] { "a"u8.ToArray(), null }]]).WriteAsync(file);
        (await LakeReaders.SqlAsync($"SELECT name, repetition_type, num_children, converted_type, field_id, logical_type FROM parquet_schema('{path}')")).ShouldBe([
            "[\"schema\",null,2,null,null,null]", "[\"id\",\"REQUIRED\",null,null,1,null]", "[\"tags\",\"OPTIONAL\",1,\"LIST\",2,\"ListType()\"]",
            "[\"list\",\"REPEATED\",1,null,null,null]", "[\"element\",\"OPTIONAL\",null,\"UTF8\",3,\"StringType()\"]"]);
        (await LakeReaders.SqlAsync($"SELECT path_in_schema, num_values FROM parquet_metadata('{path}')")).ShouldBe(["[\"id\",1]", "[\"tags, list, element\",2]"]);
        await using var reader = await ParquetFileReader.OpenAsync(path);
        reader.Metadata.Schema.Columns.ShouldBe(Schema.Columns);
        reader.Metadata.Schema.Columns[1].Element!.FieldId.ShouldBe(3);
    }

    [Fact]
    public async Task Statistics_of_lists_are_those_of_their_elements()
    {
        var schema = new ParquetSchema([ParquetColumn.List("n", ParquetColumn.Of("e", PhysicalType.Int64))]);
        var (_, summary) = await new TestTable("statistics", schema, [[new object?[] { 5L, null, -3L }], [null], [Array.Empty<object?>()], [new object?[] { 9L }]]).WriteAsync();
        var column = summary.Columns[0];
        column.ValueCount.ShouldBe(6);

        // An entry without a value is a null: of the element, the list, or an empty list.
        column.Statistics.NullCount.ShouldBe(3);
        BitConverter.ToInt64(column.Statistics.MinValue!.Value.Span).ShouldBe(-3);
        BitConverter.ToInt64(column.Statistics.MaxValue!.Value.Span).ShouldBe(9);
        column.Statistics.IsMinExact.ShouldBe(true);
        summary.RowCount.ShouldBe(4);
    }

    [Fact]
    public async Task Bounds_over_row_groups_follow_the_order_of_the_element()
    {
        var element = ParquetColumn.Of("e", PhysicalType.Int32, LogicalType.Integer(32, isSigned: false));
        var decimals = ParquetColumn.Fixed("e", 2, LogicalType.Decimal(4, 0));
        var schema = new ParquetSchema([ParquetColumn.List("unsigned", element), ParquetColumn.List("decimal", decimals)]);
        var rows = new List<object?[]> { new object?[] { new object?[] { 1 }, new object?[] { new byte[] { 0, 1 } } }, new object?[] { new object?[] { -1 }, new object?[] { new byte[] { 0xFF, 0xFF } } } };
        var (_, summary) = await new TestTable("groups", schema, rows) { BatchRows = 1, Options = new() { RowGroupRows = 1 } }.WriteAsync();
        summary.RowGroups.Count.ShouldBe(2);
        BitConverter.ToInt32(summary.Columns[0].Statistics.MinValue!.Value.Span).ShouldBe(1);
        BitConverter.ToInt32(summary.Columns[0].Statistics.MaxValue!.Value.Span).ShouldBe(-1);
        summary.Columns[1].Statistics.MinValue!.Value.ToArray().ShouldBe(new byte[] { 0xFF, 0xFF });
        summary.Columns[1].Statistics.MaxValue!.Value.ToArray().ShouldBe(new byte[] { 0, 1 });
    }

    [Fact]
    public async Task Walking_columns_page_by_page_allocates_nothing_per_row()
    {
        const int Rows = 400_000;
        var schema = new ParquetSchema([ParquetColumn.Of("id", PhysicalType.Int64), ParquetColumn.Text("text"), ParquetColumn.List("list", ParquetColumn.Text("e"))]);
        using var output = new MemoryStream();
        await using (var writer = new ParquetFileWriter(output, schema, new() { PageBytes = 64 * 1024 }))
        {
            var (id, text, list) = ((Int64ColumnBuffer)writer[0], (ByteArrayColumnBuffer)writer[1], (ListColumnBuffer)writer[2]);
            var element = (ByteArrayColumnBuffer)list.Element;
            for (var i = 0; i < Rows; i++)
            {
                id.Append(i);
                text.Append(BitConverter.GetBytes(i));
                for (var n = i % 4; n > 0; n--) element.Append(BitConverter.GetBytes(i % 1000));
                if (i % 9 == 0) element.AppendNull();
                list.EndList();
            }

            await writer.CompleteAsync(default);
        }

        await using var reader = await ParquetFileReader.OpenAsync(output, leaveOpen: true);
        for (var column = 0; column < 3; column++)
        {
            await WalkAsync(reader, column);
            var before = GC.GetAllocatedBytesForCurrentThread();
            (await WalkAsync(reader, column)).ShouldBe(Rows);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(Rows / 2);
        }

        static async Task<long> WalkAsync(ParquetFileReader reader, int column)
        {
            var rows = 0L;
            using var pages = reader.OpenColumn(0, column);
            while (await pages.ReadPageAsync(default)) rows += Walk(pages.Values);
            return rows;
        }

        static int Walk(ColumnValues values)
        {
            var bytes = 0;
            var inner = values is ListColumnValues lists ? lists.Elements : values;
            if (inner is ByteArrayColumnValues texts)
                for (var i = 0; i < texts.ValueCount; i++) bytes += texts[i].Length;
            bytes.ShouldBeGreaterThanOrEqualTo(0);
            return values.RowCount;
        }
    }

    [Fact]
    public async Task Elements_of_no_list_are_refused_by_name()
    {
        await using var writer = new ParquetFileWriter(new MemoryStream(), Schema, new());
        var (id, tags) = ((Int32ColumnBuffer)writer[0], (ListColumnBuffer)writer[1]);
        var text = (ByteArrayColumnBuffer)tags.Element;
        id.Append(1);
        text.Append("a"u8);
        Should.Throw<ParquetException>(tags.AppendNull).Message.ShouldContain("'tags' got 1 elements after its last list ended; call EndList");
        (await Should.ThrowAsync<ParquetException>(async () => await writer.EndBatchAsync(default))).Kind.ShouldBe(ParquetErrorKind.InvalidState);
        tags.EndList();
        await writer.EndBatchAsync(default);
        tags.RowCount.ShouldBe(1);
        text.RowCount.ShouldBe(1);
        (await writer.CompleteAsync(default)).RowCount.ShouldBe(1);
        Should.Throw<ParquetException>(tags.AppendNull).Kind.ShouldBe(ParquetErrorKind.InvalidState);
    }

    [Fact]
    public async Task Nulls_are_refused_in_required_lists_and_of_required_elements()
    {
        var schema = new ParquetSchema([ParquetColumn.List("n", ParquetColumn.Of("e", PhysicalType.Int64, nullable: false), nullable: false)]);
        await using var writer = new ParquetFileWriter(new MemoryStream(), schema, new());
        var list = (ListColumnBuffer)writer[0];
        Should.Throw<ParquetException>(list.AppendNull).Message.ShouldContain("'n' is required");
        Should.Throw<ParquetException>(list.Element.AppendNull).Message.ShouldContain("'n' is required");
    }

    [Fact]
    public void Lists_of_lists_and_lists_that_contradict_themselves_are_refused()
    {
        var element = ParquetColumn.Of("e", PhysicalType.Int64);
        ParquetColumn[] bad =
        [
            ParquetColumn.List("l", ParquetColumn.List("l", element)), ParquetColumn.List("l", element) with { PhysicalType = PhysicalType.Int32 },
            ParquetColumn.List("l", element) with { LogicalType = null }, ParquetColumn.Of("l", PhysicalType.Int64, LogicalType.List),
            ParquetColumn.List("l", ParquetColumn.Fixed("f", 0)),
        ];
        foreach (var column in bad) Should.Throw<ParquetException>(() => new ParquetSchema([column])).Kind.ShouldBe(ParquetErrorKind.InvalidSchema);
    }

    [Fact]
    public async Task A_list_longer_than_MaxValueBytes_is_refused_by_name_and_one_of_many_pages_is_not()
    {
        var schema = new ParquetSchema([ParquetColumn.List("numbers", ParquetColumn.Of("e", PhysicalType.Int64))]);
        using var output = new MemoryStream();
        await using (var writer = new ParquetFileWriter(output, schema, new() { PageBytes = 4096, MaxValueBytes = 1 << 20 }))
        {
            var list = (ListColumnBuffer)writer[0];
            var numbers = (Int64ColumnBuffer)list.Element;
            for (var row = 0; row < 3; row++)
            {
                for (var i = 0; i < 60_000; i++) numbers.Append(i);
                list.EndList();
            }

            await writer.CompleteAsync(default);
        }

        await using var reader = await ParquetFileReader.OpenAsync(output, leaveOpen: true);
        using var found = (ListColumnValues)await reader.ReadColumnAsync(0, 0);
        found.Offsets.ToArray().ShouldBe([0, 60_000, 120_000, 180_000]);

        await using var refusing = new ParquetFileWriter(Stream.Null, schema, new() { MaxValueBytes = 1 << 20 });
        var error = Should.Throw<ParquetException>(() =>
        {
            var numbers = (Int64ColumnBuffer)((ListColumnBuffer)refusing[0]).Element;
            for (var i = 0; i < 1_000_000; i++) numbers.Append(i);
        });
        error.Kind.ShouldBe(ParquetErrorKind.InvalidValue);
        error.Message.ShouldContain("'numbers'");
        error.Message.ShouldContain("1,048,576");
    }

    [Fact]
    public async Task Our_reader_reads_lists_of_DuckDB_and_of_the_Rust_writer()
    {
        using var folder = new TemporaryFolder();
        await LakeReaders.SqlAsync($"""
            COPY (SELECT i, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 7 = 0 THEN [] ELSE [i::VARCHAR, NULL, 'x'] END AS l, [i * 0.5::DOUBLE] AS d FROM range(30000) r(i))
            TO '{folder.In("1.parquet")}' (FORMAT parquet, ROW_GROUP_SIZE 10000); SELECT 1
            """);
        await LakeReaders.RewriteV2Async(folder.In("1.parquet"), folder.In("2.parquet"));
        var expected = (await LakeReaders.ReadAsync("duckdb", [folder.In("1.parquet")]))[0];
        await using var reader = await ParquetFileReader.OpenAsync(folder.In("1.parquet"));
        CanonicalRows.Of(reader.Metadata.Schema, await OwnReader.ReadAsync(reader)).SequenceEqual(expected).ShouldBeTrue();
        await using var second = await ParquetFileReader.OpenAsync(folder.In("2.parquet"));
        var doubles = await OwnReader.ReadColumnAsync(second, 2);
        doubles.Select(value => (double)((object?[])value!)[0]!).ShouldBe(Enumerable.Range(0, 30_000).Select(i => i * 0.5));
    }

    [Fact]
    public async Task Pages_of_lists_hold_whole_rows_and_are_read_one_by_one()
    {
        var table = TableCases.Get("lists on many pages and row groups");
        var (file, _) = await table.WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        using var pages = reader.OpenColumn(0, 3);
        var (count, row) = (0, 0);
        while (await pages.ReadPageAsync(default))
        {
            var lists = (ListColumnValues)pages.Values;
            lists.Offsets.Length.ShouldBe(lists.RowCount + 1);
            for (var i = 0; i < lists.RowCount; i++, row++)
                (lists.Offsets[i + 1] - lists.Offsets[i]).ShouldBe(((object?[]?)table.Rows[row][3])?.Length ?? 0);
            count++;
        }

        row.ShouldBe(500);
        count.ShouldBeGreaterThan(5);
    }
}
