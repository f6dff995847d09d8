using DataLake.Parquet.Compression;
using DataLake.Testing.Fuzzing;
using DataLake.Parquet.Reading;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Tests.Tables;
using DataLake.Testing;

namespace DataLake.Parquet.Tests;

public sealed class CompressionTests
{
    public static TheoryData<CompressionCodec> Codecs => [CompressionCodec.Snappy, CompressionCodec.Lz4Raw, CompressionCodec.Gzip, CompressionCodec.Brotli, CompressionCodec.None];

    [Theory, MemberData(nameof(Codecs))]
    public void Every_codec_gives_back_what_it_took(CompressionCodec name)
    {
        var codec = PageCodec.Create(name);
        var lengths = Enumerable.Range(0, name is CompressionCodec.Snappy or CompressionCodec.Lz4Raw ? 300 : 40).Concat([4_095, 65_535, 65_536, 65_537, 131_072, 1_000_003]);
        foreach (var length in lengths)
        {
            for (var kind = 0; kind < SampleBytes.Kinds; kind++)
            {
                var source = SampleBytes.Of(new Random(length), length, kind);
                var compressed = Compress(codec, source);
                var target = new byte[length];
                codec.Decompress(compressed, target);
                target.AsSpan().SequenceEqual(source).ShouldBeTrue($"{length} bytes of kind {kind}");
                codec.MaxDecompressedLength(compressed.Length).ShouldBeGreaterThanOrEqualTo(length);
                if (kind == 0 && length > 1000 && name != CompressionCodec.None) compressed.Length.ShouldBeLessThan(length / 10);
            }
        }
    }

    [Theory, MemberData(nameof(Codecs))]
    public void Damaged_pages_are_refused_or_give_as_many_bytes_as_asked(CompressionCodec name)
    {
        var random = new Random(3);
        var (damage, compressed) = (new FuzzRandom(), new FuzzStream());
        var codec = PageCodec.Create(name);
        var refused = 0;
        var rounds = name is CompressionCodec.Snappy or CompressionCodec.Lz4Raw ? 40_000 : 4_000;
        for (var i = 0; i < rounds; i++)
        {
            var source = SampleBytes.Of(random, random.Next(1, 600), random.Next(SampleBytes.Kinds));
            damage.Start((ulong)i);
            compressed.Load(Compress(codec, source));
            compressed.Damage(damage, 0, (int)compressed.Length);
            try
            {
                codec.Decompress(compressed.Bytes, new byte[source.Length]);
            }
            catch (ParquetException e)
            {
                e.Kind.ShouldBe(ParquetErrorKind.Corrupt);
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(rounds / 5);
    }

    // lz4_Block_format.md: token, literals, offset, match; the last sequence is literals only.
    [Theory]
    [InlineData(new byte[] { 0x30, 97, 98, 99 }, "abc")]
    [InlineData(new byte[] { 0x31, 120, 97, 98, 2, 0, 0x10, 99 }, "xabababac")]
    [InlineData(new byte[] { 0x1F, 97, 1, 0, 1, 0x10, 98 }, "aaaaaaaaaaaaaaaaaaaaab")]
    public void LZ4_sequences_are_read_as_the_format_describes_them(byte[] block, string text)
    {
        var target = new byte[text.Length];
        Lz4Decompressor.Decompress(block, target);
        System.Text.Encoding.ASCII.GetString(target).ShouldBe(text);
    }

    [Fact]
    public void LZ4_blocks_keep_the_end_conditions_of_the_format()
    {
        var compressor = new Lz4Compressor();
        for (var length = 1; length < 400; length++)
        {
            var target = new byte[Lz4Compressor.MaxCompressedLength(length)];
            var block = target.AsSpan(0, compressor.Compress(new byte[length], target));

            // The last five bytes are literals, and no match starts within the last twelve.
            var (position, matchStart, literals) = (0, -12, 0);
            for (var ip = 0; ip < block.Length;)
            {
                var token = block[ip++];
                literals = Length(block, ref ip, token >> 4);
                ip += literals;
                position += literals;
                if (ip == block.Length) break;
                matchStart = position;
                ip += 2;
                position += 4 + Length(block, ref ip, token & 15);
            }

            position.ShouldBe(length);
            literals.ShouldBeGreaterThanOrEqualTo(Math.Min(5, length));
            if (matchStart >= 0) matchStart.ShouldBeLessThanOrEqualTo(length - 12);
        }

        static int Length(ReadOnlySpan<byte> block, ref int ip, int length)
        {
            if (length < 15) return length;
            byte next;
            do length += next = block[ip++]; while (next == 255);
            return length;
        }
    }

    [Theory, MemberData(nameof(Codecs))]
    public async Task Columns_that_do_not_become_smaller_are_not_compressed(CompressionCodec name)
    {
        var random = new Random(9);
        var schema = new ParquetSchema([ParquetColumn.Of("noise", PhysicalType.Int64, nullable: false), ParquetColumn.Text("text"), ParquetColumn.Of("few", PhysicalType.Int32)]);
        var rows = Enumerable.Range(0, 20_000).Select(i => new object?[] { random.NextInt64(long.MinValue, long.MaxValue), System.Text.Encoding.UTF8.GetBytes($"customer {i:d9}"), random.Next(100) }).ToList();
        var (file, summary) = await new TestTable("noise", schema, rows) { Options = new() { Compression = name } }.WriteAsync();
        summary.RowGroups[0].Columns.Select(chunk => chunk.Codec).ShouldBe([CompressionCodec.None, name, name]);
        CanonicalRows.Of(schema, await OwnReader.ReadAsync(file)).SequenceEqual(CanonicalRows.Of(schema, rows)).ShouldBeTrue();
        await using var reader = await ParquetFileReader.OpenAsync(new MemoryStream(file));
        reader.Metadata.RowGroups[0].Columns[0].Codec.ShouldBe(CompressionCodec.None);
    }

    private static byte[] Compress(PageCodec codec, byte[] source)
    {
        var target = new byte[codec.MaxCompressedLength(source.Length)];
        return target[..codec.Compress(source, target)];
    }
}
