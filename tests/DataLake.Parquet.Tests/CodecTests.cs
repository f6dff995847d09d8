using DataLake.Parquet.Buffers;
using DataLake.Parquet.Compression;
using DataLake.Parquet.Encodings;

namespace DataLake.Parquet.Tests;

public sealed class CodecTests
{
    [Theory]
    [InlineData(new byte[] { 3, 0x08, 97, 98, 99 }, "abc")]
    [InlineData(new byte[] { 7, 0x08, 120, 97, 98, 0x01, 2 }, "xababab")]
    [InlineData(new byte[] { 7, 0x08, 120, 97, 98, 0x0E, 2, 0 }, "xababab")]
    [InlineData(new byte[] { 7, 0x08, 120, 97, 98, 0x0F, 2, 0, 0, 0 }, "xababab")]
    [InlineData(new byte[] { 3, 0xF0, 2, 97, 98, 99 }, "abc")]
    public void Snappy_elements_are_read_as_the_format_describes_them(byte[] block, string text)
    {
        var target = new byte[text.Length];
        SnappyDecompressor.Decompress(block, target);
        System.Text.Encoding.ASCII.GetString(target).ShouldBe(text);
    }

    [Fact]
    public void The_hybrid_gives_back_levels_and_indices_of_any_width()
    {
        var random = new Random(5);
        using var buffer = new PooledBuffer();
        for (var i = 0; i < 3_000; i++)
        {
            var width = random.Next(1, 25);
            var values = Runs(random, random.Next(0, 500), (1 << width) - 1);
            buffer.Clear();
            RleHybridEncoder.Encode<int>(values, width, buffer);
            var decoder = new RleHybridDecoder(buffer.Span, width);
            var found = new int[values.Length];

            // In two parts: a decoder goes on where it stopped.
            var cut = random.Next(values.Length + 1);
            decoder.Decode(found.AsSpan(0, cut));
            decoder.Decode(found.AsSpan(cut));
            found.ShouldBe(values);
            if (width > 1) continue;
            var levels = new byte[values.Length];
            new RleHybridDecoder(buffer.Span, width).Decode(levels);
            levels.Select(level => (int)level).ShouldBe(values);
        }
    }

    [Fact]
    public void The_hybrid_reads_the_example_of_the_specification()
    {
        // Encodings.md: the numbers 1 to 7 (here 0 to 7), three bits each.
        byte[] packed = [0b0000_0011, 0b1000_1000, 0b1100_0110, 0b1111_1010];
        var found = new int[8];
        new RleHybridDecoder(packed, 3).Decode(found);
        found.ShouldBe([0, 1, 2, 3, 4, 5, 6, 7]);
        using var buffer = new PooledBuffer();
        RleHybridEncoder.Encode<int>([0, 1, 2, 3, 4, 5, 6, 7], 3, buffer);
        buffer.Span.ToArray().ShouldBe(packed);
    }

    [Fact]
    public void Damaged_runs_end_in_the_right_exception()
    {
        var random = new Random(6);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(0, 20)];
            random.NextBytes(bytes);
            try
            {
                new RleHybridDecoder(bytes, random.Next(0, 33)).Decode(new int[random.Next(0, 200)]);
            }
            catch (ParquetException)
            {
            }
        }
    }

    private static int[] Runs(Random random, int length, int max)
    {
        var values = new int[length];
        for (var i = 0; i < length;)
        {
            var run = random.Next(3) == 0 ? random.Next(1, 100) : 1;
            var value = (int)random.NextInt64(max + 1L);
            for (; run > 0 && i < length; run--) values[i++] = value;
        }

        return values;
    }
}
