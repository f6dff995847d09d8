using System.IO.Compression;
using System.Text;
using DataLake.Iceberg.Avro;

namespace DataLake.Iceberg.Tests.Avro;

public sealed class AvroTests
{
    [Theory]
    [InlineData(0L, "00")]
    [InlineData(-1L, "01")]
    [InlineData(1L, "02")]
    [InlineData(-64L, "7f")]
    [InlineData(64L, "8001")]
    [InlineData(long.MaxValue, "feffffffffffffffff01")]
    [InlineData(long.MinValue, "ffffffffffffffffff01")]
    public void Numbers_are_zigzag_varints(long number, string hex)
    {
        using var encoder = new AvroEncoder();
        encoder.WriteInt64(number);
        Convert.ToHexStringLower(encoder.Written.Span).ShouldBe(hex);
        new AvroDecoder(encoder.Written.Span).ReadInt64().ShouldBe(number);
    }

    [Theory]
    [InlineData("80")]
    [InlineData("ffffffffffffffffff02")]
    [InlineData("ffffffffffffffffffff01")]
    public void Numbers_beyond_64_bits_or_without_an_end_are_refused(string hex) => Corrupt(() => new AvroDecoder(Convert.FromHexString(hex)).ReadInt64());

    [Fact]
    public void Lengths_and_counts_are_held_against_the_bytes_that_are_left()
    {
        Corrupt(() => new AvroDecoder([0x7E]).ReadBytes().Length);
        Corrupt(() => new AvroDecoder([0x01]).ReadBytes().Length);
        Corrupt(() => new AvroDecoder([0x7E, 0, 0]).ReadItems(2));
        Corrupt(() => new AvroDecoder(Convert.FromHexString("ffffffffffffffffff0100")).ReadItems(1));
        Corrupt(() => new AvroDecoder([0x04]).ReadBranch(2));
        Corrupt(() => new AvroDecoder([0x02]).ReadBoolean());
        Corrupt(() => new AvroDecoder([0x04, 0xC3, 0x28]).ReadString());
        Corrupt(() => new AvroDecoder([0x80, 0x80, 0x80, 0x80, 0x20]).ReadInt32());
    }

    [Fact]
    public void Every_kind_of_value_can_be_skipped()
    {
        var schema = Parse("""
            {"type":"record","name":"r","namespace":"n.s","fields":[{"name":"a","type":"null"},{"name":"b","type":"boolean"},{"name":"c","type":["int","string","null"]},{"name":"d","type":"float"},{"name":"e","type":"double"},
             {"name":"f","type":"bytes"},{"name":"g","type":{"type":"fixed","name":"g3","size":3}},{"name":"h","type":{"type":"enum","name":"h2","symbols":["x","y"]}},{"name":"i","type":{"type":"map","values":"n.s.g3"}},
             {"name":"j","type":{"type":"array","items":{"type":"record","name":"empty_or_not","fields":[{"name":"x","type":"long"}]}}},{"name":"k","type":"empty_or_not"},{"name":"l","type":{"type":{"type":"string"}}}]}
            """);
        using var encoder = new AvroEncoder();
        encoder.WriteBoolean(true);
        encoder.WriteInt64(1);
        encoder.WriteString("text");
        encoder.WriteSingle(1);
        encoder.WriteDouble(2);
        encoder.WriteBytes([1, 2]);
        encoder.WriteFixed([1, 2, 3]);
        encoder.WriteInt64(1);
        encoder.WriteInt64(1);
        encoder.WriteString("key");
        encoder.WriteFixed([4, 5, 6]);
        encoder.WriteInt64(0);
        encoder.WriteInt64(-2);
        encoder.WriteInt64(2);
        encoder.WriteInt64(5);
        encoder.WriteInt64(6);
        encoder.WriteInt64(1);
        encoder.WriteInt64(7);
        encoder.WriteInt64(0);
        encoder.WriteInt64(8);
        encoder.WriteString("end");
        var decoder = new AvroDecoder(encoder.Written.Span);
        decoder.Skip(schema);
        decoder.Remaining.ShouldBe(0);
    }

    [Theory]
    [InlineData("""{"type":"record","name":"r","fields":[{"name":"a","type":"r"}]}""", IcebergErrorKind.Unsupported)]
    [InlineData("""{"type":"array","items":"null"}""", IcebergErrorKind.Unsupported)]
    [InlineData("""{"type":"array","items":{"type":"record","name":"e","fields":[]}}""", IcebergErrorKind.Unsupported)]
    [InlineData("\"decimal\"", IcebergErrorKind.Unsupported)]
    [InlineData("""{"type":"fixed","name":"f","size":-1}""", IcebergErrorKind.Corrupt)]
    [InlineData("""{"type":"fixed","name":"f","size":2000000000}""", IcebergErrorKind.Corrupt)]
    [InlineData("7", IcebergErrorKind.Corrupt)]
    [InlineData("""{"name":"x"}""", IcebergErrorKind.Corrupt)]
    public void Schemas_that_no_manifest_has_are_refused(string json, IcebergErrorKind kind) => Should.Throw<IcebergException>(() => Parse(json)).Kind.ShouldBe(kind);

    [Fact]
    public void A_schema_that_multiplies_itself_is_refused()
    {
        var fields = new StringBuilder("""{"name":"f0","type":{"type":"record","name":"t0","fields":[{"name":"x","type":"int"}]}}""");
        for (var i = 1; i < 40; i++) fields.Append($$$""",{"name":"f{{{i}}}","type":{"type":"record","name":"t{{{i}}}","fields":[{"name":"a","type":"t{{{i - 1}}}"},{"name":"b","type":"t{{{i - 1}}}"}]}}""");
        Should.Throw<IcebergException>(() => Parse($$"""{"type":"record","name":"r","fields":[{{fields}}]}""")).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Fact]
    public async Task Files_of_both_codecs_come_back_block_by_block()
    {
        foreach (var deflate in (bool[])[false, true])
        {
            var (bytes, values) = await WriteAsync(deflate, 50_000);
            using var reader = await AvroFileReader.OpenAsync(new TricklingStream(bytes), IcebergReadLimits.Default, default);
            reader.Text("note").ShouldBe("ä");
            List<long> read = [];
            var blocks = 0;
            while (await reader.ReadBlockAsync(default))
            {
                Read(reader, read);
                blocks++;
            }

            read.ShouldBe(values);
            blocks.ShouldBeGreaterThan(3);
        }

        static void Read(AvroFileReader reader, List<long> read)
        {
            var decoder = new AvroDecoder(reader.Block.Span);
            for (var i = 0; i < reader.RecordCount; i++) read.Add(decoder.ReadInt64());
            decoder.Remaining.ShouldBe(0);
        }
    }

    [Fact]
    public async Task Every_cut_off_file_is_refused_as_one_that_may_come_whole_later()
    {
        var (bytes, _) = await WriteAsync(true, 100);
        for (var length = 0; length < bytes.Length; length++)
        {
            var cut = bytes[..length];
            var error = await Record.ExceptionAsync(async () =>
            {
                using var reader = await AvroFileReader.OpenAsync(new MemoryStream(cut), IcebergReadLimits.Default, default);
                (await reader.ReadBlockAsync(default)).ShouldBeTrue();
            });

            // A file that ends after its header has no blocks, which is no damage that its bytes could show.
            if (error is ShouldAssertException) continue;
            error.ShouldBeOfType<IcebergException>().Kind.ShouldBe(IcebergErrorKind.Truncated);
        }
    }

    [Fact]
    public async Task Blocks_beyond_the_limit_are_refused_before_and_after_compression()
    {
        var (bytes, _) = await WriteAsync(true, 50_000);
        using var reader = await AvroFileReader.OpenAsync(new MemoryStream(bytes), new() { MaxBlockBytes = 30_000 }, default);
        (await Should.ThrowAsync<IcebergException>(async () => await reader.ReadBlockAsync(default))).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);
        (await Should.ThrowAsync<IcebergException>(async () => await AvroFileReader.OpenAsync(new MemoryStream(bytes), new() { MaxHeaderBytes = 30 }, default))).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);

        // A bomb: a mebibyte of zeros in a kibibyte.
        using var zeros = new MemoryStream();
        using (var deflate = new DeflateStream(zeros, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(new byte[1 << 20]);
        using var encoder = new AvroEncoder();
        encoder.WriteFixed(bytes.AsSpan(0, HeaderLength(bytes)));
        encoder.WriteInt64(1);
        encoder.WriteBytes(zeros.ToArray());
        encoder.WriteFixed(bytes.AsSpan(HeaderLength(bytes) - 16, 16));
        using var bomb = await AvroFileReader.OpenAsync(new MemoryStream(encoder.Written.ToArray()), new() { MaxBlockBytes = 100_000 }, default);
        (await Should.ThrowAsync<IcebergException>(async () => await bomb.ReadBlockAsync(default))).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);
    }

    [Fact]
    public async Task A_codec_that_is_not_known_is_refused_with_what_to_do()
    {
        var (bytes, _) = await WriteAsync(true, 1);
        var other = Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(bytes).Replace("deflate", "bzippp2", StringComparison.Ordinal));
        var error = await Should.ThrowAsync<IcebergException>(async () => await AvroFileReader.OpenAsync(new MemoryStream(other), IcebergReadLimits.Default, default));
        (error.Kind, error.Message.Contains("write.avro.compression-codec", StringComparison.Ordinal)).ShouldBe((IcebergErrorKind.Unsupported, true));
    }

    private static AvroSchema Parse(string json) => AvroSchemaJson.Parse(Encoding.UTF8.GetBytes(json));

    private static void Corrupt<T>(Func<T> read) => Should.Throw<IcebergException>(() => read()).Kind.ShouldBe(IcebergErrorKind.Corrupt);

    /// <summary>Up to the last byte of the first sync marker, which also stands after the first block.</summary>
    private static int HeaderLength(byte[] bytes)
    {
        var sync = bytes.AsSpan(bytes.Length - 16);
        return bytes.AsSpan().IndexOf(sync) + 16;
    }

    private static async Task<(byte[] Bytes, List<long> Values)> WriteAsync(bool deflate, int count)
    {
        var output = new MemoryStream();
        var random = new Random(1);
        List<long> values = [];
        using var writer = new AvroFileWriter(output, AvroSchema.Record("r", [new AvroField("x", AvroSchema.Primitive(AvroKind.Long), 1)]), [new("note", Encoding.UTF8.GetBytes("ä"))], deflate);
        for (var i = 0; i < count; i++)
        {
            values.Add(random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64));
            writer.Encoder.WriteInt64(values[^1]);
            await writer.EndRecordAsync(default);
        }

        await writer.CompleteAsync(default);
        writer.BytesWritten.ShouldBe(output.Length);
        return (output.ToArray(), values);
    }

    /// <summary>Gives as few bytes at a time as a network may.</summary>
    private sealed class TricklingStream(byte[] bytes) : MemoryStream(bytes)
    {
        private int next;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(buffer.Length, 1 + (next++ % 977))], cancellationToken);
    }
}
