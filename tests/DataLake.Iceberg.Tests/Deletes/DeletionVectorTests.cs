using System.Buffers.Binary;
using System.Text.Json.Nodes;
using DataLake.Iceberg.Deletes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Values;
using DataLake.Testing.Fuzzing;

namespace DataLake.Iceberg.Tests.Deletes;

/// <summary>Deletion vectors, byte by byte and back, and what is no deletion vector.</summary>
public sealed class DeletionVectorTests
{
    private const int Rows = 500_000;

    // Five values in one array container, by the formats of Puffin and of roaring bitmaps: length, magic, one bitmap, its key, cookie, one container, its key and count, its place, the values, CRC-32.
    private const string FiveOdds = "0000002a" + "d1d33964" + "0100000000000000" + "00000000" + "3a300000" + "01000000" + "0000" + "0400" + "10000000" + "01000300050007000900" + "b3fb20be";

    [Fact]
    public async Task A_file_of_vectors_is_what_the_specification_says()
    {
        var (bytes, vectors) = await WriteAsync(("file:/b", Set(1, 3, 5, 7, 9)), ("file:/a", Set(0)));
        vectors.Select(vector => vector.ReferencedDataFile).ShouldBe(["file:/a", "file:/b"]);
        var vector = vectors[1];
        (vector.Content, vector.FileFormat, vector.IsDeletionVector, vector.RecordCount, vector.FileSizeInBytes, vector.FilePath).ShouldBe((DataFileContent.PositionDeletes, FileFormat.Puffin, true, 5, bytes.Length, "file:/v.puffin"));
        Convert.ToHexStringLower(bytes.AsSpan((int)vector.ContentOffset!, (int)vector.ContentSizeInBytes!)).ShouldBe(FiveOdds);

        // Magic, blobs, and a footer: magic, payload, its length, flags, magic.
        var (offset, length) = ((int)vectors[0].ContentOffset!, BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(^12)));
        bytes[..4].ShouldBe("PFA1"u8.ToArray());
        offset.ShouldBe(4);
        vector.ContentOffset.ShouldBe(offset + vectors[0].ContentSizeInBytes);
        bytes[^4..].ShouldBe("PFA1"u8.ToArray());
        bytes[^8..^4].ShouldBe(new byte[4]);
        bytes[(bytes.Length - 12 - length - 4)..(bytes.Length - 12 - length)].ShouldBe("PFA1"u8.ToArray());
        (vector.ContentOffset + vector.ContentSizeInBytes).ShouldBe(bytes.Length - 16 - length);
        JsonNode.DeepEquals(JsonNode.Parse(bytes.AsSpan(bytes.Length - 12 - length, length)), JsonNode.Parse($$$"""
            {"blobs":[
              {"type":"deletion-vector-v1","fields":[2147483645],"snapshot-id":-1,"sequence-number":-1,"offset":4,"length":{{{vectors[0].ContentSizeInBytes}}},"properties":{"referenced-data-file":"file:/a","cardinality":"1"}},
              {"type":"deletion-vector-v1","fields":[2147483645],"snapshot-id":-1,"sequence-number":-1,"offset":{{{vector.ContentOffset}}},"length":50,"properties":{"referenced-data-file":"file:/b","cardinality":"5"}}],
             "properties":{"created-by":"DataLake"}}
            """)).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Any_positions_come_back(int seed)
    {
        var random = new Random(seed);
        var sets = new List<(string Path, PositionSet Positions)>();
        for (var i = 0; i < 12; i++)
        {
            var set = new PositionSet(i % 4 == 0 ? 20_000_000_000 : random.Next(1, Rows));
            for (var part = random.Next(1, 6); part > 0; part--)
            {
                // A few here and there, many close together, all of a stretch; also around the ends of containers and bitmaps.
                var start = random.Next(3) == 0 ? ((random.NextInt64(set.RowCount) >> 16) << 16) - 3 : random.NextInt64(set.RowCount);
                for (var (n, count, step) = (0, random.Next(1, 20_000), random.Next(1, 40)); n < count; n++) set.Add(start + (n * (long)(step > 30 ? random.Next(100_000) : step > 20 ? 1 : step)));
            }

            set.Add(set.RowCount - 1);
            sets.Add(($"file:/{i}", set));
        }

        var (bytes, vectors) = await WriteAsync([.. sets]);
        foreach (var vector in vectors)
        {
            var written = sets.Single(set => set.Path == vector.ReferencedDataFile).Positions;
            vector.RecordCount.ShouldBe(written.Count);
            (await ReadAsync(bytes, vector, written.RowCount)).ShouldBe(written);
        }
    }

    [Fact]
    public void Runs_are_read_as_other_writers_have_them()
    {
        // Two containers, the first of two runs, the second an array; fewer than four have no offsets.
        byte[] few = [.. Words(0x303B | (1 << 16)), 0b01, .. Shorts(0, 10, 3, 1), .. Shorts(2, 5, 9, 65535, 0), .. Shorts(1, 9)];
        Positions(few).ShouldBe([5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 65535, 196609, 196617]);
        byte[] four = [.. Words(0x303B | (3 << 16)), 0b1000, .. Shorts(0, 0, 1, 0, 2, 0, 3, 65535), .. Words(0, 0, 0, 0), .. Shorts(7), .. Shorts(7), .. Shorts(7), .. Shorts(1, 0, 65535)];
        Positions(four).ShouldBe([7, 65543, 131079, .. Enumerable.Range(196608, 65536).Select(position => (long)position)]);

        static IEnumerable<long> Positions(byte[] bitmap)
        {
            var set = new PositionSet(Rows);
            RoaringPositions.Read([.. BitConverter.GetBytes(1L), .. Words(0), .. bitmap], set).ShouldBe(set.Count);
            return set;
        }
    }

    [Fact]
    public async Task Positions_that_a_file_does_not_have_delete_nothing()
    {
        var (bytes, vectors) = await WriteAsync(("file:/a", Set([.. Enumerable.Range(0, 10_000)])));
        (await ReadAsync(bytes, vectors[0], 70)).ShouldBe(Enumerable.Range(0, 70).Select(position => (long)position));
        var others = new Dictionary<string, PositionSet> { ["file:/other"] = new(5) };
        await DeletionVectorFile.ReadAsync((_, _) => throw new InvalidOperationException("Nothing is read for another file."), vectors[0], others);
    }

    [Fact]
    public async Task A_vector_that_is_not_what_its_manifest_says_is_refused()
    {
        var (bytes, vectors) = await WriteAsync(("file:/a", Set(1, 3, 5, 7, 9)));
        var vector = vectors[0];
        (await Refused(vector with { RecordCount = 6 })).ShouldContain("has 5 positions, and 6 by its manifest");
        (await Refused(vector with { ContentOffset = 5 })).ShouldContain("says that it has");
        (await Refused(vector with { ContentOffset = long.MaxValue })).ShouldContain("has 50 bytes at 9223372036854775807");
        (await Refused(vector with { ContentSizeInBytes = 11 })).ShouldContain("has 11 bytes");
        (await Refused(vector with { ContentOffset = null })).ShouldContain("no deletion vector with its data file");
        (await Refused(vector with { ReferencedDataFile = null })).ShouldContain("no deletion vector with its data file");
        (await Refused(vector with { ContentSizeInBytes = 1L << 40 }, IcebergErrorKind.LimitExceeded)).ShouldContain("are read at most");
        (await Refused(vector with { KeyMetadata = new byte[1] }, IcebergErrorKind.Unsupported)).ShouldContain("encrypted");
        bytes[8]++;
        (await Refused(vector)).ShouldContain("does not begin as deletion vectors do");
        bytes[8]--;
        bytes[30]++;
        (await Refused(vector)).ShouldContain("another checksum");

        async Task<string> Refused(DataFile changed, IcebergErrorKind kind = IcebergErrorKind.Corrupt)
        {
            var error = await Should.ThrowAsync<IcebergException>(() => ReadAsync(bytes, changed, Rows));
            error.Kind.ShouldBe(kind);
            return error.Message;
        }
    }

    [Theory]
    [InlineData("02000000 00000000", "ends")]
    [InlineData("01000000 00000000 00000080 3a300000 00000000", "has the bitmap 2147483648 behind -1")]
    [InlineData("02000000 00000000 01000000 3a300000 00000000 01000000 3a300000 00000000", "has the bitmap 1 behind 1")]
    [InlineData("01000000 00000000 00000000 3a310000 00000000", "cookie 12602")]
    [InlineData("01000000 00000000 00000000 3a300000 01000100", "65537 containers")]
    [InlineData("01000000 00000000 00000000 3a300000 02000000 01000000 01000000 00000000 00000000 0500 0500", "has the container 1 behind 1")]
    [InlineData("01000000 00000000 00000000 3a300000 01000000 00000100 10000000 0500 0500", "has the value 5 behind 5")]
    [InlineData("01000000 00000000 00000000 3a300000 01000000 00000100 10000000 0500 0600 00", "bytes after its last bitmap")]
    [InlineData("01000000 00000000 00000000 3b300000 01 00000300 0200 0500 0100 0600 0100", "has a run of 2 values from 6 on, after 7")]
    [InlineData("01000000 00000000 00000000 3b300000 01 00000300 0100 ffff 0300", "has a run of 4 values from 65535 on")]
    [InlineData("01000000 00000000 00000000 3b300000 01 00000300 0100 0500 0100", "has a container of 4 values with runs of 2")]
    [InlineData("01000000 00000000 00000000 3a300000 01000000 00000010 10000000", "ends 8192 bytes too early")]
    public void Bytes_that_no_roaring_bitmap_has_are_refused(string hex, string message)
    {
        var error = Should.Throw<IcebergException>(() => RoaringPositions.Read(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)), new PositionSet(Rows)));
        (error.Kind, error.CanRetry).ShouldBe((IcebergErrorKind.Corrupt, false));
        error.Message.ShouldContain(message);
    }

    [Fact]
    public void Damaged_bitmaps_are_read_or_refused_and_nothing_else()
    {
        byte[][] bitmaps =
        [
            [.. BitConverter.GetBytes(1L), .. Words(0), .. Words(0x303B | (3 << 16)), 0b1001, .. Shorts(0, 10, 1, 2, 2, 0, 3, 65535), .. Words(0, 0, 0, 0), .. Shorts(2, 5, 9, 65535, 0), .. Shorts(7, 8, 9), .. Shorts(7), .. Shorts(1, 0, 65535)],
            [.. RoaringPositions.PiecesOf(Set([.. Enumerable.Range(0, 3000).Select(n => n * 7)])).SelectMany(piece => piece.ToArray())],
            [.. RoaringPositions.PiecesOf(Set([.. Enumerable.Range(0, 9000).Select(n => n * 3), 400_000])).SelectMany(piece => piece.ToArray())],
        ];
        var (refused, most) = (0, 0L);
        var random = new Random(8);
        for (var i = 0; i < 20_000; i++)
        {
            var damaged = Mutation.Of(random, bitmaps[i % bitmaps.Length]);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                RoaringPositions.Read(damaged, new PositionSet(Rows));
            }
            catch (IcebergException error) when (error.Kind == IcebergErrorKind.Corrupt)
            {
                refused++;
            }

            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        refused.ShouldBeInRange(5_000, 19_500);

        // A bit a row, and the words of an error.
        most.ShouldBeLessThan((Rows / 8) + (128 << 10));
    }

    [Fact]
    public async Task Nothing_deleted_and_one_file_twice_are_refused()
    {
        (await Should.ThrowAsync<IcebergException>(() => WriteAsync(("file:/a", new PositionSet(5))))).Kind.ShouldBe(IcebergErrorKind.Invalid);
        (await Should.ThrowAsync<IcebergException>(() => WriteAsync(("file:/a", Set(1)), ("file:/a", Set(2))))).Message.ShouldContain("two deletion vectors");
    }

    private static byte[] Words(params int[] values) => [.. values.SelectMany(BitConverter.GetBytes)];

    private static byte[] Shorts(params int[] values) => [.. values.SelectMany(value => BitConverter.GetBytes((ushort)value))];

    private static PositionSet Set(params int[] positions)
    {
        var set = new PositionSet(Rows);
        foreach (var position in positions) set.Add(position);
        return set;
    }

    private static async Task<(byte[] Bytes, IReadOnlyList<DataFile> Vectors)> WriteAsync(params (string Path, PositionSet Positions)[] deletes)
    {
        using var output = new MemoryStream();
        var vectors = await DeletionVectorFile.WriteAsync(
            output, "file:/v.puffin", deletes.Select(delete => KeyValuePair.Create(
                new DataFile { FilePath = delete.Path, RecordCount = delete.Positions.RowCount, FileSizeInBytes = 1, PartitionSpecId = 4, Partition = new PartitionTuple(IcebergValue.Int(7)) }, delete.Positions)));
        vectors.ShouldAllBe(vector => vector.PartitionSpecId == 4 && vector.Partition[0] == IcebergValue.Int(7));
        return (output.ToArray(), vectors);
    }

    private static async Task<PositionSet> ReadAsync(byte[] bytes, DataFile vector, long rows)
    {
        var positions = new PositionSet(rows);
        await DeletionVectorFile.ReadAsync((_, _) => ValueTask.FromResult<Stream>(new MemoryStream(bytes, writable: false)), vector, new Dictionary<string, PositionSet> { ["file:/a"] = positions, [vector.ReferencedDataFile ?? ""] = positions });
        return positions;
    }
}
