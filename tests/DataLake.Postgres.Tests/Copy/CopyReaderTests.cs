using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Types;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

public sealed class CopyReaderTests
{
    private const uint Int4 = 23, TextType = 25;
    private static readonly IReadOnlyList<ColumnMapping> Columns = Decoding.Columns(("id", Int4, -1), ("name", TextType, -1));

    [Fact]
    public async Task However_the_stream_is_split_into_reads_the_rows_are_the_same()
    {
        var stream = Rows(40).End();
        var whole = await Decoding.ToParquetAsync(new MemoryStream(stream), Columns);
        whole.Rows.ShouldBe(40);
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var most = round == 0 ? 1 : random.Next(1, 200);
            var split = await Decoding.ToParquetAsync(new PiecewiseStream(stream, () => random.Next(1, most + 1)), Columns);
            split.File.SequenceEqual(whole.File).ShouldBeTrue($"round {round}");
        }
    }

    [Fact]
    public async Task Every_first_read_leaves_the_rest_whole()
    {
        var stream = Rows(5).End();
        var whole = await Decoding.ToParquetAsync(new MemoryStream(stream), Columns);
        for (var first = 1; first < stream.Length; first++)
        {
            var lengths = new Queue<int>([first, stream.Length]);
            var split = await Decoding.ToParquetAsync(new PiecewiseStream(stream, () => lengths.TryDequeue(out var length) ? length : 1), Columns);
            split.File.SequenceEqual(whole.File).ShouldBeTrue($"split after byte {first}");
        }
    }

    [Fact]
    public async Task A_stream_that_breaks_off_anywhere_is_refused()
    {
        var stream = Rows(3).End();
        for (var length = 0; length < stream.Length; length++)
        {
            var error = await Should.ThrowAsync<SourceException>(() => Decoding.ToParquetAsync(new MemoryStream(stream[..length]), Columns));
            error.Kind.ShouldBe(SourceErrorKind.Corrupt);
            error.Message.ShouldContain("broke off before its end");
            error.CanRetry.ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_row_larger_than_the_buffer_is_read_whole()
    {
        var large = new string('x', 3_000_000);
        var stream = Rows(3).Row(CopyBytes.Of(4), CopyBytes.Text(large)).Row(CopyBytes.Of(5), CopyBytes.Text("after")).End();
        var whole = await Decoding.ToParquetAsync(new MemoryStream(stream), Columns);
        whole.Rows.ShouldBe(5);
        var random = new Random(2);
        (await Decoding.ToParquetAsync(new PiecewiseStream(stream, () => random.Next(1, 100_000)), Columns)).File.SequenceEqual(whole.File).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1_000, 982, true)] // 2 for the number of columns, 4 + 4 for the id, 4 for the length, the text
    [InlineData(1_000, 987, false)]
    [InlineData(1_000_000, 999_986, true)]
    [InlineData(1_000_000, 999_987, false)]
    public async Task A_row_above_the_limit_is_refused_with_its_largest_column(int limit, int textLength, bool fits)
    {
        var stream = new CopyBytes().Row(CopyBytes.Of(1), CopyBytes.Text(new string('x', textLength))).End();
        if (fits)
        {
            (await Decoding.ToParquetAsync(new MemoryStream(stream), Columns, limit)).Rows.ShouldBe(1);
            return;
        }

        var error = await Should.ThrowAsync<SourceException>(() => Decoding.ToParquetAsync(new MemoryStream(stream), Columns, limit));
        error.Kind.ShouldBe(SourceErrorKind.Value);
        error.Message.ShouldContain($"Row 1 of public.things is larger than {limit:N0} bytes");
        error.Message.ShouldContain($"the column name alone has {textLength:N0}");
    }

    [Fact]
    public async Task A_length_beyond_the_limit_is_refused_before_its_bytes_come()
    {
        var stream = new CopyBytes().Raw(0, 2, 0, 0, 0, 4, 0, 0, 0, 1, 0x7F, 0xFF, 0xFF, 0xFF).WithoutEnd();
        (await Should.ThrowAsync<SourceException>(() => Decoding.ToParquetAsync(new MemoryStream(stream), Columns))).Message.ShouldContain("2,147,483,647");
    }

    public static TheoryData<string, byte[]> Damaged => new()
    {
        { "does not start with COPY's signature", [.. "PGCOPY\n_____________"u8] },
        { "uses a feature of COPY that is not known", new CopyBytes(flags: 0x0001_0000).End() },
        { "uses a feature of COPY that is not known", new CopyBytes(flags: 0x8000_0000).End() },
        { "has a header extension", new CopyBytes(extension: 4).Raw(1, 2, 3, 4).End() },
        { "has a row of 1 columns where 2 were asked for (after row 1)", Rows(1).Row(CopyBytes.Of(1)).End() },
        { "has a row of 3 columns where 2 were asked for", new CopyBytes().Row(null, null, null).End() },
        { "has a row of -2 columns where 2 were asked for", new CopyBytes().Raw(0xFF, 0xFE).End() },
        { "has a length of -2 for the column id", new CopyBytes().Raw(0, 2, 0xFF, 0xFF, 0xFF, 0xFE).End() },
        { "has a length of -2147483648 for the column name", new CopyBytes().Raw(0, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0).End() },
        { "goes on after its end (after row 2)", Rows(2).Raw(0xFF, 0xFF, 0).WithoutEnd() },
        { "the column id came in 3 bytes where its type has 4", new CopyBytes().Row([1, 2, 3], null).End() },
    };

    [Theory]
    [MemberData(nameof(Damaged))]
    public async Task A_damaged_stream_is_refused_with_what_is_wrong(string problem, byte[] stream)
    {
        foreach (var piece in new[] { 1, 1_000 })
        {
            var error = await Should.ThrowAsync<SourceException>(() => Decoding.ToParquetAsync(new PiecewiseStream(stream, () => piece), Columns));
            error.Kind.ShouldBe(SourceErrorKind.Corrupt);
            error.Message.ShouldContain(problem);
        }
    }

    [Fact]
    public async Task Flags_that_are_not_critical_are_passed_over() =>
        (await Decoding.ToParquetAsync(new MemoryStream(new CopyBytes(flags: 0x0000_FFFF).Row(null, null).End()), Columns)).Rows.ShouldBe(1);

    [Fact]
    public void Rows_without_columns_are_counted()
    {
        using var reader = new CopyReader(new MemoryStream(new CopyBytes().Row().Row().Row().End()), "public.empty", []);
        reader.ReadBatch(new RowDecoder([], [])).ShouldBe(3);
        reader.ReadBatch(new RowDecoder([], [])).ShouldBe(0);
        reader.ReadBatch(new RowDecoder([], [])).ShouldBe(0);
    }

    [Fact]
    public async Task A_table_without_rows_is_a_stream_of_none() =>
        (await Decoding.ToParquetAsync(new MemoryStream(new CopyBytes().End()), Columns)).Rows.ShouldBe(0);

    [Fact]
    public async Task A_null_in_a_column_that_has_none_says_that_the_table_changed()
    {
        ColumnMapping[] required = [ColumnMapping.Of(new SourceTableColumn("id", 1, "integer", Int4, -1, Nullable: false), 1)];
        var error = await Should.ThrowAsync<SourceException>(() => Decoding.ToParquetAsync(new MemoryStream(new CopyBytes().Row([null]).End()), required));
        error.Kind.ShouldBe(SourceErrorKind.Corrupt);
        error.Message.ShouldContain("Row 1 of public.things does not fit the column id");
    }

    [Fact]
    public void Decoders_of_another_table_are_refused()
    {
        using var reader = new CopyReader(new MemoryStream(Rows(1).End()), "public.things", ["id", "name"]);
        Should.Throw<ArgumentException>(() => reader.ReadBatch(new RowDecoder([], [])));
    }

    [Fact]
    public async Task Nothing_is_allocated_per_row()
    {
        const int rows = 60_000;
        var mappings = Decoding.Columns(("id", Int4, -1), ("name", TextType, -1), ("price", 1700, ((10 << 16) | 2) + 4), ("amount", 1700, ((30 << 16) | 2) + 4));
        var bytes = new CopyBytes();
        byte[] money = [0, 2, 0, 0, 0, 0, 0, 2, 0, 99, 9, 0xC4]; // 99.25
        for (var i = 0; i < rows; i++)
        {
            bytes.Row(CopyBytes.Of(i), i % 3 == 0 ? null : CopyBytes.Text("some text"), money, money);
        }

        await using var writer = new ParquetFileWriter(
            Stream.Null, new ParquetSchema([.. mappings.Select(mapping => mapping.Column)]), new ParquetWriterOptions { RowGroupRows = 1_000 });
        var decoder = new RowDecoder(mappings, writer.Columns);
        using var reader = new CopyReader(new MemoryStream(bytes.End()), "public.things", [.. mappings.Select(mapping => mapping.Name)]);
        var (warm, allocated) = (0L, 0L);
        while (reader.Rows < rows)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            reader.ReadBatch(decoder);
            var ofBatch = GC.GetAllocatedBytesForCurrentThread() - before;
            if (reader.Rows <= rows / 2)
            {
                warm = reader.Rows;
            }
            else
            {
                allocated += ofBatch;
            }

            await writer.EndBatchAsync(CancellationToken.None);
        }

        warm.ShouldBeGreaterThan(0);
        ((double)allocated / (rows - warm)).ShouldBeLessThan(0.5); // What a batch takes, spread over its rows.
    }

    private static CopyBytes Rows(int number)
    {
        var bytes = new CopyBytes();
        for (var i = 1; i <= number; i++)
        {
            bytes.Row(i % 7 == 0 ? null : CopyBytes.Of(i), i % 5 == 0 ? null : CopyBytes.Text(new string('a', i % 4) + i));
        }

        return bytes;
    }
}
