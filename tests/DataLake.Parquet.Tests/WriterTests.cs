using System.Text;
using DataLake.Parquet.Columns;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Parquet.Writing;

namespace DataLake.Parquet.Tests;

public sealed class WriterTests
{
    private static readonly ParquetSchema TwoColumns = new([ParquetColumn.Of("id", PhysicalType.Int64, nullable: false), ParquetColumn.Text("name")]);

    [Fact]
    public async Task Appending_allocates_nothing_per_row()
    {
        var schema = new ParquetSchema([
            ParquetColumn.Of("id", PhysicalType.Int64, nullable: false), ParquetColumn.Of("few", PhysicalType.Int32), ParquetColumn.Of("price", PhysicalType.Double),
            ParquetColumn.Text("name"), ParquetColumn.Fixed("uuid", 16, LogicalType.Uuid), ParquetColumn.Of("flag", PhysicalType.Boolean),
            ParquetColumn.List("tags", ParquetColumn.Text("element"))]);
        await using var writer = new ParquetFileWriter(Stream.Null, schema, new() { RowGroupBytes = 8 << 20 });
        await AppendRows(writer, 1_000_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        await AppendRows(writer, 1_000_000);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var groups = (await writer.CompleteAsync(default)).RowGroups.Count;

        // What is left is the metadata of row groups: some kilobytes each.
        groups.ShouldBeGreaterThan(4);
        allocated.ShouldBeLessThan(20_000L * groups);

        static async Task AppendRows(ParquetFileWriter writer, int rows)
        {
            for (var start = 0; start < rows; start += 1000)
            {
                AppendBatch(writer, start);
                await writer.EndBatchAsync(default);
            }
        }

        static void AppendBatch(ParquetFileWriter writer, int start)
        {
            var (id, few, price) = ((Int64ColumnBuffer)writer[0], (Int32ColumnBuffer)writer[1], (DoubleColumnBuffer)writer[2]);
            var (name, uuid, flag) = ((ByteArrayColumnBuffer)writer[3], (FixedLengthByteArrayColumnBuffer)writer[4], (BooleanColumnBuffer)writer[5]);
            var tags = (ListColumnBuffer)writer[6];
            var tag = (ByteArrayColumnBuffer)tags.Element;
            Span<byte> bytes = stackalloc byte[16];
            for (var i = start; i < start + 1000; i++)
            {
                id.Append(i);
                if (i % 5 == 0) few.AppendNull();
                else few.Append(i % 100);
                price.Append(i * 0.1);
                System.Buffers.Text.Utf8Formatter.TryFormat(i % 3000, bytes, out var length);
                name.Append(bytes[..length]);
                BitConverter.TryWriteBytes(bytes, (ulong)i * 0x9E3779B97F4A7C15UL);
                uuid.Append(bytes);
                flag.Append(i % 3 == 0);
                for (var n = i % 3; n > 0; n--) tag.Append(bytes[..4]);
                if (i % 10 == 0) tag.AppendNull();
                tags.EndList();
            }
        }
    }

    [Fact]
    public async Task Memory_stays_near_the_row_group_target_with_many_columns()
    {
        var schema = new ParquetSchema([.. Enumerable.Range(0, 1600).Select(i => ParquetColumn.Of($"c{i}", PhysicalType.Int64))]);
        await using var writer = new ParquetFileWriter(Stream.Null, schema, new() { RowGroupBytes = 16 << 20 });
        var random = new Random(1);
        var most = 0L;
        for (var row = 0; row < 5_000; row++)
        {
            foreach (var column in writer.Columns) ((Int64ColumnBuffer)column).Append(random.NextInt64());
            if (row % 100 != 99) continue;
            await writer.EndBatchAsync(default);
            most = Math.Max(most, writer.BufferedBytes);
        }

        most.ShouldBeLessThan(17 << 20);
        (await writer.CompleteAsync(default)).RowGroups.Count.ShouldBeInRange(3, 6);
    }

    [Fact]
    public async Task Dictionaries_are_kept_where_they_pay_and_given_up_where_they_do_not()
    {
        var table = TableCases.Get("dictionary overflows in mid-chunk");
        var (_, summary) = await table.WriteAsync();
        foreach (var chunk in summary.RowGroups[0].Columns)
        {
            chunk.Encodings.ShouldContain(ParquetEncoding.RleDictionary);
            chunk.Encodings.ShouldContain(ParquetEncoding.Plain);
            chunk.DictionaryPageOffset.ShouldNotBeNull();
        }

        var (_, large) = await TableCases.Get("a large page").WriteAsync();
        large.RowGroups[0].Columns[0].Encodings.ShouldNotContain(ParquetEncoding.RleDictionary);
        large.RowGroups[0].Columns[1].Encodings.ShouldContain(ParquetEncoding.RleDictionary);
        large.RowGroups[0].Columns[1].TotalCompressedSize.ShouldBeLessThan(60_000);
    }

    /// <summary>A column's own part of the memory for dictionaries is 64 KiB here, and 256 KiB are for all.</summary>
    [Theory]
    [InlineData(1, true)]
    [InlineData(2, false)]
    public async Task A_large_dictionary_takes_what_other_columns_leave(int largeColumns, bool isKept)
    {
        var schema = new ParquetSchema([.. Enumerable.Range(0, 4).Select(i => ParquetColumn.Text($"c{i}"))]);
        var rows = Enumerable.Range(0, 20_000).Select(i =>
            Enumerable.Range(0, 4).Select(object? (column) => Encoding.UTF8.GetBytes(column < largeColumns ? $"{i / 4 % 2_500:d96}" : $"{i % 3}")).ToArray()).ToList();
        var (file, summary) = await new TestTable("large dictionary", schema, rows) { Options = new() { RowGroupBytes = 2 << 20 } }.WriteAsync();
        CanonicalRows.Of(schema, await OwnReader.ReadAsync(file)).SequenceEqual(CanonicalRows.Of(schema, rows)).ShouldBeTrue();
        var chunks = summary.RowGroups.ShouldHaveSingleItem().Columns;
        chunks.Select(chunk => chunk.PageCounts.Dictionary > 0).ShouldAllBe(isUsed => isUsed);
        chunks.All(chunk => chunk.PageCounts.Plain == 0).ShouldBe(isKept);
    }

    /// <summary>Pages have 256 KiB here, so that hardly a value comes twice in one.</summary>
    [Theory]
    [InlineData(5_000, true)]
    [InlineData(1_000_000, false)]
    public async Task Values_that_repeat_from_page_to_page_get_a_dictionary_once_a_chunk_has_shown_it(int different, bool isKept)
    {
        var schema = new ParquetSchema([ParquetColumn.Text("in turn"), ParquetColumn.Fixed("fixed", 96), ParquetColumn.Of("number", PhysicalType.Int64)]);
        var rows = Enumerable.Range(0, 120_000).Select(i => new object?[] { Value(i), Value(i + 1), (long)i }).ToList();
        var (file, summary) = await new TestTable("small pages", schema, rows) { Options = new() { RowGroupRows = 20_000, PageBytes = 256 << 10 } }.WriteAsync();
        CanonicalRows.Of(schema, await OwnReader.ReadAsync(file)).SequenceEqual(CanonicalRows.Of(schema, rows)).ShouldBeTrue();
        summary.RowGroups.Count.ShouldBeGreaterThan(3);
        summary.RowGroups[0].Columns.ShouldAllBe(chunk => chunk.PageCounts.Dictionary == 0);
        summary.RowGroups.Skip(1).SkipLast(1).SelectMany(group => group.Columns.Take(2)).ShouldAllBe(chunk => chunk.PageCounts.Dictionary > 0 == isKept);
        summary.RowGroups.ShouldAllBe(group => group.Columns[2].PageCounts.Dictionary == 0);

        byte[] Value(int i) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1, 6).Select(part => $"{((ulong)(i % different * 6) + (ulong)part) * 0x9E3779B97F4A7C15UL:x16}")));
    }

    [Theory]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(1024)]
    [InlineData(1025)]
    public async Task Dictionaries_keep_every_value_where_they_grow_and_are_tried_again_after_they_were_given_up(int different)
    {
        var schema = new ParquetSchema([ParquetColumn.Of("long", PhysicalType.Int64), ParquetColumn.Of("int", PhysicalType.Int32), ParquetColumn.Text("text"), ParquetColumn.Text("unique, then not")]);
        var group = different * 8;
        var rows = Enumerable.Range(0, group * 7).Select(i => new object?[]
        {
            i % different * 7_000_000_000L, i % different * -3, Encoding.UTF8.GetBytes($"value {i % different}"), Encoding.UTF8.GetBytes($"text {(i < group ? i : i % different)}"),
        }).ToList();
        var (file, summary) = await new TestTable("growing dictionaries", schema, rows) { Options = new() { RowGroupRows = group }, BatchRows = group }.WriteAsync();
        CanonicalRows.Of(schema, await OwnReader.ReadAsync(file)).SequenceEqual(CanonicalRows.Of(schema, rows)).ShouldBeTrue();
        summary.RowGroups.ShouldAllBe(chunks => chunks.Columns.Take(3).All(chunk => chunk.Encodings.Contains(ParquetEncoding.RleDictionary)));
        summary.RowGroups.Select(chunks => chunks.Columns[3].Encodings.Contains(ParquetEncoding.RleDictionary)).ShouldBe([false, false, false, false, false, true, true]);
    }

    [Fact]
    public async Task Columns_of_unequal_rows_are_refused_by_name()
    {
        await using var writer = new ParquetFileWriter(new MemoryStream(), TwoColumns, new());
        ((Int64ColumnBuffer)writer[0]).Append(1);
        var error = await Should.ThrowAsync<ParquetException>(async () => await writer.EndBatchAsync(default));
        error.Kind.ShouldBe(ParquetErrorKind.InvalidState);
        error.Message.ShouldContain("'name' holds 0 rows where 'id' holds 1");
        writer[1].AppendNull();
        await writer.EndBatchAsync(default);
        (await writer.CompleteAsync(default)).RowCount.ShouldBe(1);
    }

    [Fact]
    public async Task Values_that_do_not_fit_are_refused()
    {
        var schema = new ParquetSchema([ParquetColumn.Of("id", PhysicalType.Int64, nullable: false), ParquetColumn.Fixed("uuid", 16, LogicalType.Uuid)]);
        await using var writer = new ParquetFileWriter(new MemoryStream(), schema, new());
        Should.Throw<ParquetException>(writer[0].AppendNull).Kind.ShouldBe(ParquetErrorKind.InvalidValue);
        Should.Throw<ParquetException>(() => ((FixedLengthByteArrayColumnBuffer)writer[1]).Append(new byte[15])).Kind.ShouldBe(ParquetErrorKind.InvalidValue);
    }

    [Fact]
    public async Task A_writer_that_was_disposed_or_completed_refuses_more()
    {
        using var output = new MemoryStream();
        var writer = new ParquetFileWriter(output, TwoColumns, new());
        ((Int64ColumnBuffer)writer[0]).Append(1);
        writer[1].AppendNull();
        await writer.CompleteAsync(default);
        Should.Throw<ParquetException>(() => ((Int64ColumnBuffer)writer[0]).Append(1)).Kind.ShouldBe(ParquetErrorKind.InvalidState);
        Should.Throw<ParquetException>(writer[1].AppendNull).Kind.ShouldBe(ParquetErrorKind.InvalidState);
        (await Should.ThrowAsync<ParquetException>(() => writer.CompleteAsync(default))).Kind.ShouldBe(ParquetErrorKind.InvalidState);
        await writer.DisposeAsync();
        await writer.DisposeAsync();
        output.CanWrite.ShouldBeTrue();
    }

    [Fact]
    public async Task Without_completion_there_is_no_valid_file()
    {
        using var output = new MemoryStream();
        await using (var writer = new ParquetFileWriter(output, TwoColumns, new() { RowGroupRows = 1 }))
        {
            ((Int64ColumnBuffer)writer[0]).Append(1);
            writer[1].AppendNull();
            await writer.EndBatchAsync(default);
            writer.BytesWritten.ShouldBe(output.Length);
        }

        output.Position = 0;
        (await Should.ThrowAsync<ParquetException>(() => ParquetFileReader.OpenAsync(output))).Kind.ShouldBe(ParquetErrorKind.NotParquet);
    }

    [Fact]
    public async Task A_write_that_fails_leaves_a_writer_that_says_so()
    {
        await using var writer = new ParquetFileWriter(new FullDisk(), TwoColumns, new());
        ((Int64ColumnBuffer)writer[0]).Append(1);
        writer[1].AppendNull();
        await Should.ThrowAsync<IOException>(() => writer.CompleteAsync(default));
        (await Should.ThrowAsync<ParquetException>(() => writer.CompleteAsync(default))).Message.ShouldContain("start a new file");
    }

    [Fact]
    public void Schemas_that_contradict_themselves_are_refused()
    {
        ParquetColumn[][] bad =
        [
            [], [ParquetColumn.Text("a"), ParquetColumn.Text("a")], [ParquetColumn.Text("")], [ParquetColumn.Fixed("f", 0)],
            [ParquetColumn.Of("s", PhysicalType.Int32, LogicalType.String)], [ParquetColumn.Fixed("u", 15, LogicalType.Uuid)],
            [ParquetColumn.Of("d", PhysicalType.Int32, LogicalType.Decimal(10, 2))], [ParquetColumn.Of("d", PhysicalType.Int32, LogicalType.Decimal(3, 4))],
            [ParquetColumn.Fixed("d", 16, LogicalType.Decimal(39, 2))], [ParquetColumn.Of("i", PhysicalType.Int32, LogicalType.Integer(64, true))],
        ];
        foreach (var columns in bad) Should.Throw<ParquetException>(() => new ParquetSchema(columns)).Kind.ShouldBe(ParquetErrorKind.InvalidSchema);
        Should.Throw<ParquetException>(() => new ParquetFileWriter(Stream.Null, TwoColumns, new() { Compression = CompressionCodec.Zstandard }));
    }

    [Fact]
    public async Task Schema_and_notes_come_back_as_they_went()
    {
        var schema = TableCases.EveryTypeSchema(nullable: true);
        var notes = new Dictionary<string, string> { ["datalake.run"] = "2026/größe", ["empty"] = "" };
        var (file, summary) = await new TestTable("notes", schema, []) { Options = new() { KeyValueMetadata = notes } }.WriteAsync();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        reader.Metadata.Schema.Columns.ShouldBe(schema.Columns);
        reader.Metadata.KeyValueMetadata.ShouldBe([.. notes.Select(note => new KeyValuePair<string, string?>(note.Key, note.Value))]);
        reader.Metadata.CreatedBy.ShouldNotBeNull();
        reader.Metadata.CreatedBy.ShouldMatch(@"^DataLake version \d+\.\d+\.\d+ \(build \S+\)$");
        summary.RowCount.ShouldBe(0);
    }

    [Fact]
    public async Task Random_tables_come_back_as_they_went()
    {
        for (var seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            var all = TableCases.EveryTypeSchema(random.Next(2) == 0).Columns;
            var schema = new ParquetSchema([.. all.Where(_ => random.Next(6) == 0).DefaultIfEmpty(all[0]).Select(column =>
                random.Next(4) > 0 ? column : ParquetColumn.List(column.Name, column, random.Next(2) == 0, 900))]);
            var values = new RandomValues(seed);
            var nulls = random.NextDouble();
            var rows = Enumerable.Range(0, random.Next(3) == 0 ? random.Next(20) : random.Next(3000))
                .Select(_ => schema.Columns.Select(column => column.Nullable && values.Chance(nulls) ? null : values.Next(column)).ToArray()).ToList();
            var table = new TestTable($"seed {seed}", schema, rows)
            {
                BatchRows = random.Next(1, 400),
                Options = new()
                {
                    Compression = random.Next(8) switch
                    {
                        0 or 1 => CompressionCodec.None,
                        2 or 3 => CompressionCodec.Lz4Raw,
                        4 => CompressionCodec.Gzip,
                        5 => CompressionCodec.Brotli,
                        _ => CompressionCodec.Snappy,
                    },
                    PageBytes = 1024 << random.Next(8),
                    RowGroupBytes = 1L << random.Next(10, 24),
                    DictionaryLimitBytes = random.Next(4) == 0 ? 0 : 1 << random.Next(6, 20),
                },
            };
            var (file, _) = await table.WriteAsync();
            var found = CanonicalRows.Of(schema, await OwnReader.ReadAsync(file, byPage: random.Next(2) == 0));
            found.SequenceEqual(CanonicalRows.Of(schema, rows)).ShouldBeTrue($"seed {seed}");
        }
    }

    private sealed class FullDisk : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => throw new IOException("No space left on device");
    }
}
