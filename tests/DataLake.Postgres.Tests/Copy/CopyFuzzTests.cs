using System.Buffers.Binary;
using DataLake.Parquet.Schema;
using DataLake.Parquet.Writing;
using DataLake.Postgres.Copy;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Copy;

/// <summary>Whatever the bytes are, they are rows or a <see cref="SourceException"/>: no other exception, no end without the trailer, no memory for lengths that only claim to come.</summary>
public sealed class CopyFuzzTests
{
    private const int Garbage = 40_000;
    private const int Mutations = 160_000;
    private const int CasesPerWriter = 4_000;

    private static readonly IReadOnlyList<ColumnMapping> Columns = Decoding.Columns(
        ("boolean", 16, -1), ("bytea", 17, -1), ("int8", 20, -1), ("int2", 21, -1), ("int4", 23, -1), ("oid", 26, -1), ("float4", 700, -1), ("float8", 701, -1),
        ("text", 25, -1), ("date", 1082, -1), ("time", 1083, -1), ("timestamp", 1114, -1), ("uuid", 2950, -1), ("jsonb", 3802, -1),
        ("numeric9", 1700, ((9 << 16) | 2) + 4), ("numeric18", 1700, ((18 << 16) | 6) + 4), ("numeric38", 1700, ((38 << 16) | 10) + 4));

    private static readonly byte[] Sample = Rows().End();

    /// <summary>Streams that broke something once, or look as if they could.</summary>
    private static readonly byte[][] Corpus =
    [
        [],
        [0xFF, 0xFF],
        new CopyBytes().WithoutEnd(),
        new CopyBytes().End(),
        new CopyBytes().Raw(0, 17).WithoutEnd(),
        new CopyBytes().Raw(0x7F, 0xFF).End(),
        new CopyBytes().Raw(0, 17, 0x04, 0, 0, 0).End(), // 64 MiB, exactly the limit
        new CopyBytes().Raw(0, 17, 0x7F, 0xFF, 0xFF, 0xFF).End(),
        new CopyBytes().Raw(0, 17, 0x80, 0, 0, 0).End(),
        With(14, [0, 1, 0x7F, 0xFF, 0, 0, 0, 0, 0, 0]), // numeric: a weight without end, and a group of zero
        With(16, [0, 1, 0x7F, 0xFF, 0, 0, 0, 0, 0, 1]),
        With(16, [0, 1, 0x80, 0, 0, 0, 0, 0, 0, 1]),
        With(15, [0, 1, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]), // a group above 9999
        With(16, [0xFF, 0xFF, 0, 0, 0, 0, 0, 0]), // more groups than bytes
        With(14, [0, 0, 0, 0, 0x40, 0, 0, 0]), // minus zero
        With(9, [0x7F, 0xFF, 0xFF, 0xFE]), // a date beyond the last
        With(11, [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE]),
        With(10, [0x80, 0, 0, 0, 0, 0, 0, 0]),
        With(13, []),
        With(13, [2, (byte)'{', (byte)'}']),
        With(0, []),
    ];

    [Fact]
    public async Task Every_flipped_bit_gives_rows_or_a_refusal()
    {
        var fuzz = new Fuzz();
        for (var position = 0; position < Sample.Length; position++)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var bytes = Sample.ToArray();
                bytes[position] ^= (byte)(1 << bit);
                await fuzz.RunAsync(bytes, bytes.Length);
            }
        }

        fuzz.Refused.ShouldBeGreaterThan(1_000);
        fuzz.Accepted.ShouldBeGreaterThan(1_000);
        await fuzz.DisposeAsync();
    }

    [Fact]
    public async Task Garbage_and_mutations_give_rows_or_a_refusal()
    {
        var fuzz = new Fuzz();
        var random = new Random(20_251_120);
        foreach (var bytes in Corpus)
        {
            await fuzz.RunAsync(bytes, bytes.Length);
            await fuzz.RunAsync(bytes, 1);
        }

        for (var i = 0; i < Garbage; i++)
        {
            // With and without a good header, so that both are reached.
            var garbage = new byte[random.Next(200)];
            random.NextBytes(garbage);
            await fuzz.RunAsync(i % 2 == 0 ? garbage : new CopyBytes().Raw(0, 17).Raw(garbage).End(), random.Next(1, 300));
        }

        for (var i = 0; i < Mutations; i++)
        {
            await fuzz.RunAsync(Mutate(random, random.Next(4) == 0 ? Corpus[random.Next(Corpus.Length)] : Sample), random.Next(4) == 0 ? random.Next(1, 40) : 4_096);
        }

        fuzz.Refused.ShouldBeGreaterThan(Garbage);
        fuzz.Accepted.ShouldBeGreaterThan(1_000);
        await fuzz.DisposeAsync();
    }

    private static byte[] Mutate(Random random, byte[] source)
    {
        var bytes = new List<byte>(source);
        for (var changes = random.Next(1, 4); changes > 0 && bytes.Count > 0; changes--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(6))
            {
                case 0: bytes[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[at] = (byte)random.Next(256); break;
                case 2: bytes[at] = random.Next(2) == 0 ? (byte)0 : (byte)0xFF; break;
                case 3: bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at)); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 9), bytes.Count - at))); break;
                default: bytes.RemoveRange(at, bytes.Count - at); break;
            }
        }

        return [.. bytes];
    }

    private static byte[] With(int column, byte[] value)
    {
        var fields = Values();
        fields[column] = value;
        return new CopyBytes().Row(fields).End();
    }

    private static CopyBytes Rows() => new CopyBytes().Row(Values()).Row(new byte[]?[Columns.Count]).Row(Values());

    private static byte[]?[] Values() =>
    [
        [1], [0, 0xFF, 7], Big(1L << 40), [1, 2], CopyBytes.Of(-5), CopyBytes.Of(16_384), CopyBytes.Of(BitConverter.SingleToInt32Bits(1.5f)), Big(BitConverter.DoubleToInt64Bits(-2.25)),
        CopyBytes.Text("größer"), CopyBytes.Of(9_000), Big(43_200_000_000), Big(800_000_000_000_000), [.. Enumerable.Range(0, 16).Select(i => (byte)i)], [1, .. "{\"a\":1}"u8],
        [0, 2, 0, 0, 0x40, 0, 0, 2, 0, 99, 9, 0xC4], // -99.25
        [0, 3, 0, 1, 0, 0, 0, 6, 0, 1, 0, 0, 0x03, 0xE8], // 10000.1
        [0, 6, 0, 3, 0, 0, 0, 10, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0x1F, 0x40],
    ];

    private static byte[] Big(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Decodes streams into one writer after another, and holds each case against the promise.</summary>
    private sealed class Fuzz : IAsyncDisposable
    {
        private static readonly string[] Names = [.. Columns.Select(column => column.Name)];
        private static readonly ParquetSchema Schema = new([.. Columns.Select(column => column.Column)]);
        private ParquetFileWriter? writer;
        private RowDecoder decoder = new([], []);
        private int cases;

        public int Accepted { get; private set; }

        public int Refused { get; private set; }

        public async Task RunAsync(byte[] bytes, int pieceLength)
        {
            if (cases++ % CasesPerWriter == 0)
            {
                await DisposeAsync();
                var next = writer = new ParquetFileWriter(Stream.Null, Schema, new ParquetWriterOptions());
                decoder = new RowDecoder(Columns, next.Columns);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            using var reader = new CopyReader(new PiecewiseStream(bytes, () => pieceLength), "public.things", Names);
            try
            {
                while (reader.ReadBatch(decoder) > 0)
                {
                }

                Accepted++;
            }
            catch (SourceException error) when (error.Kind is SourceErrorKind.Corrupt or SourceErrorKind.Value)
            {
                Refused++;
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"{Convert.ToHexString(bytes)} in pieces of {pieceLength} ended in {error}", error);
            }

            (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(16 << 20);
        }

        public async ValueTask DisposeAsync()
        {
            if (writer is not null)
            {
                await writer.DisposeAsync();
            }
        }
    }
}
