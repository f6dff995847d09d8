using DataLake.Parquet.Columns;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;

namespace DataLake.Parquet.Tests;

public sealed class MemoryTests
{
    private static readonly ParquetSchema OneText = new([ParquetColumn.Text("document")]);

    [Fact]
    public async Task A_value_beyond_MaxValueBytes_is_refused_with_column_and_limit()
    {
        await using var writer = new ParquetFileWriter(Stream.Null, OneText, new());
        var value = new byte[(64 << 20) + 1];
        var error = Should.Throw<ParquetException>(() => ((ByteArrayColumnBuffer)writer[0]).Append(value));
        error.Kind.ShouldBe(ParquetErrorKind.InvalidValue);
        error.Message.ShouldContain("'document'");
        error.Message.ShouldContain("67,108,865 bytes");
        error.Message.ShouldContain("MaxValueBytes");
    }

    [Theory]
    [InlineData(CompressionCodec.Snappy)]
    [InlineData(CompressionCodec.Lz4Raw)]
    [InlineData(CompressionCodec.None)]
    public async Task A_huge_value_takes_little_more_than_twice_its_size_and_leaves_nothing_behind(CompressionCodec codec)
    {
        const int Size = 100 << 20;
        var value = new byte[Size];
        new Random(1).NextBytes(value.AsSpan(0, Size / 2));
        var output = new MemoryStream(Size + (1 << 20));
        await using (var writer = new ParquetFileWriter(output, OneText, new() { Compression = codec, MaxValueBytes = Size }))
        {
            var documents = (ByteArrayColumnBuffer)writer[0];
            documents.Append("small"u8);
            var before = GC.GetAllocatedBytesForCurrentThread();
            documents.Append(value);
            documents.Append("small"u8);
            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((long)(2.3 * Size));
            await writer.EndBatchAsync(default);
            writer.BufferedBytes.ShouldBe(0);
            documents.Append("small"u8);
            (await writer.CompleteAsync(default)).RowGroups.Count.ShouldBe(2);
        }

        await using var reader = await ParquetFileReader.OpenAsync(output);
        using var pages = reader.OpenColumn(0, 0);
        await pages.ReadPageAsync(default);
        await pages.ReadPageAsync(default);
        ((ByteArrayColumnValues)pages.Values)[0].SequenceEqual(value).ShouldBeTrue();
    }

    [Fact]
    public async Task Memory_stays_bounded_with_1600_columns_of_every_kind()
    {
        var schema = new ParquetSchema([.. Enumerable.Range(0, 1600).Select(i => (i % 4) switch
        {
            0 => ParquetColumn.Of($"c{i}", PhysicalType.Int64),
            1 => ParquetColumn.Text($"c{i}"),
            2 => ParquetColumn.List($"c{i}", ParquetColumn.Of("e", PhysicalType.Int32)),
            _ => ParquetColumn.Of($"c{i}", PhysicalType.Boolean),
        })]);
        const long Target = 16 << 20;
        await using var writer = new ParquetFileWriter(Stream.Null, schema, new() { RowGroupBytes = Target });
        var random = new Random(1);
        var text = new byte[20];
        var most = 0L;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var row = 0; row < 3_000; row++)
        {
            foreach (var column in writer.Columns) Append(column);
            if (row % 50 != 49) continue;
            await writer.EndBatchAsync(default);
            most = Math.Max(most, writer.BufferedBytes);
        }

        most.ShouldBeLessThan(Target + (1 << 20));
        var groups = (await writer.CompleteAsync(default)).RowGroups.Count;
        groups.ShouldBeInRange(2, 12);

        // All arrays that were ever made, and the metadata of 1,600 chunks for every row group.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan((6 * Target) + (groups * 1600 * 3000L));

        void Append(ColumnBuffer column)
        {
            switch (column)
            {
                case Int64ColumnBuffer numbers: numbers.Append(random.NextInt64()); break;
                case BooleanColumnBuffer flags: flags.Append(random.Next(2) == 0); break;
                case ByteArrayColumnBuffer texts:
                    random.NextBytes(text);
                    texts.Append(text);
                    break;
                case ListColumnBuffer lists:
                    var elements = (Int32ColumnBuffer)lists.Element;
                    for (var i = random.Next(5); i > 0; i--) elements.Append(random.Next());
                    lists.EndList();
                    break;
            }
        }
    }
}
