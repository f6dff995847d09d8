using System.Text;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Tests.Manifests;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;
using DataLake.Iceberg.Values;
using DataLake.Testing.Fuzzing;

namespace DataLake.Iceberg.Tests.Conformance;

public sealed class FuzzTests
{
    private const int Parts = 8;

    private static readonly IcebergReadLimits Limits = new() { MaxBlockBytes = 1 << 20, MaxHeaderBytes = 1 << 20, MaxMetadataBytes = 1 << 20 };
    private static readonly ManifestFile Listed = new() { ManifestPath = "m", ManifestLength = 1, PartitionSpecId = 3, AddedSnapshotId = 77, SequenceNumber = 9, FirstRowId = 700 };

    [Fact]
    public async Task Damaged_files_are_read_or_refused_and_nothing_else()
    {
        var manifest = await ManifestAsync();
        var list = await ManifestListAsync();
        var table = TableMetadataJson.ToUtf8(TableCases.Commit(TableCases.Commit(TableCases.New(version: 3), 1), 2, 3000, "s3://b/v1"));
        var updates = TableUpdateJson.ToUtf8([.. TableMetadataUpdates.Creation(TableCases.Uuid, "s3://b/t", TableCases.Events, TableCases.ByDay, TableCases.ById), .. TableMetadataUpdates.Commit(TableCases.New(), TableCases.Snapshot(TableCases.New(), 1))]);
        var file = await DataFileAsync();
        (string Name, int Cases, Func<Random, byte[]> Damage, Func<byte[], Task> Read)[] kinds =
        [
            ("data file", 16_000, random => Mutation.Of(random, file.Bytes), file.Read),
            ("data file, many places", 16_000, random => ManyPlaces(random, file.Bytes), file.Read),
            ("manifest", 700, random => Mutation.Of(random, manifest.Whole), ReadManifestAsync),
            ("entries", 700, random => manifest.With(block: Mutation.Of(random, manifest.Block)), ReadManifestAsync),
            ("manifest's Avro schema", 700, random => manifest.With(schema: Mutation.Of(random, manifest.Schema)), ReadManifestAsync),
            ("manifest list", 700, random => Mutation.Of(random, list.Whole), ReadListAsync),
            ("manifest list's records", 1_500, random => list.With(block: Mutation.Of(random, list.Block)), ReadListAsync),
            ("manifest list's Avro schema", 700, random => list.With(schema: Mutation.Of(random, list.Schema)), ReadListAsync),
            ("table metadata", 1_500, random => Mutation.Of(random, table), ReadTable),
            ("table updates", 1_500, random => Mutation.Of(random, updates), ReadUpdates),
        ];
        var (cases, refused, mostBytes) = (0, 0, 0L);
        var gate = new Lock();
        Parallel.For(0, kinds.Length * Parts, part =>
        {
            var (name, count, damage, read) = kinds[part % kinds.Length];
            var random = new Random(part);
            var (myRefused, myMost) = (0, 0L);
            for (var i = 0; i < count; i++)
            {
                var damaged = damage(random);
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    // Everything comes from memory, so nothing waits and all of it runs on this thread.
                    read(damaged).GetAwaiter().GetResult();
                }
                catch (IcebergException e) when (e.Message.Length > 0)
                {
                    myRefused++;
                }
                catch (Exception e)
                {
                    throw new InvalidOperationException($"Case {i} of part {part} ('{name}') ended in {e}");
                }

                myMost = Math.Max(myMost, GC.GetAllocatedBytesForCurrentThread() - before);
            }

            lock (gate)
            {
                cases += count;
                refused += myRefused;
                mostBytes = Math.Max(mostBytes, myMost);
            }
        });
        cases.ShouldBeGreaterThan(300_000);
        refused.ShouldBeInRange(cases / 5, cases * 19 / 20);

        // A block of 1 MiB, decompressed into a buffer that doubles, and what a small manifest holds.
        mostBytes.ShouldBeLessThan(8 << 20);
    }

    [Fact]
    public async Task Every_cut_off_manifest_is_refused()
    {
        var manifest = await ManifestAsync();
        var header = manifest.Whole.AsSpan().IndexOf(manifest.Whole.AsSpan(manifest.Whole.Length - 16)) + 16;
        for (var length = 0; length < manifest.Whole.Length; length++)
        {
            // A file that ends after its header is a manifest without entries.
            if (length != header) await Should.ThrowAsync<IcebergException>(() => ReadManifestAsync(manifest.Whole[..length]));
        }
    }

    private static byte[] ManyPlaces(Random random, byte[] source)
    {
        var bytes = (byte[])source.Clone();
        for (var n = random.Next(1, 20); n > 0; n--) bytes[random.Next(bytes.Length)] = Mutation.Byte(random);
        return bytes;
    }

    private static async Task ReadManifestAsync(byte[] bytes)
    {
        using var reader = await ManifestReader.OpenAsync(new MemoryStream(bytes), Listed, new() { Limits = Limits });
        await foreach (var entry in reader.ReadEntriesAsync()) entry.DataFile.FilePath.ShouldNotBeNull();
        reader.ReadSchema();
    }

    private static async Task ReadListAsync(byte[] bytes)
    {
        await foreach (var manifest in ManifestListReader.ReadAsync(new MemoryStream(bytes), Limits)) manifest.ManifestPath.ShouldNotBeNull();
    }

    /// <summary>What can be read can be written, and read again.</summary>
    private static Task ReadTable(byte[] bytes)
    {
        var table = TableMetadataJson.Parse(bytes, Limits);
        if (table.FormatVersion >= 2) TableMetadataJson.Parse(TableMetadataJson.ToUtf8(table));
        return Task.CompletedTask;
    }

    private static Task ReadUpdates(byte[] bytes)
    {
        TableMetadataUpdates.Apply(null, TableUpdateJson.Parse(bytes), new MetadataChange(1, null));
        return Task.CompletedTask;
    }

    private static async Task<AvroParts> ManifestAsync()
    {
        var random = new Random(3);
        var entries = Enumerable.Range(0, 3).Select(i => ManifestEntry.Added(ManifestCases.RandomFile(random, new PartitionTuple(IcebergValue.String("eu")), 1), 1)).ToList();
        return await AvroParts.OfAsync((await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, entries, version: 3)).Bytes);
    }

    /// <summary>One data file with every partition type, and its decoder without the file around it: most of the work is there, and so are most of the cases.</summary>
    private static async Task<(byte[] Bytes, Func<byte[], Task> Read)> DataFileAsync()
    {
        var random = new Random(4);
        var entry = ManifestEntry.Added(ManifestCases.RandomFile(random, ManifestCases.RandomPartition(random), 3), 1);
        var parts = await AvroParts.OfAsync((await ManifestTests.WriteAsync(ManifestCases.EveryType, ManifestCases.EveryTransform, ManifestContent.Data, [entry], version: 3)).Bytes);
        var schema = AvroSchemaJson.Parse(parts.Schema).Fields.Single(field => field.FieldId == 2).Schema;
        var decoder = new DataFileDecoder(schema, ManifestCases.EveryTransform, withMetrics: true);

        // Before the file stand its status and its ids, as one byte and three unions of which one is there.
        var bytes = parts.Block[5..];
        await Read(bytes);
        return (bytes, Read);

        Task Read(byte[] damaged)
        {
            var block = new AvroDecoder(damaged);
            decoder.Read(ref block).FilePath.ShouldNotBeNull();
            return Task.CompletedTask;
        }
    }

    private static async Task<AvroParts> ManifestListAsync()
    {
        var (_, manifest) = await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, [ManifestEntry.Added(ManifestTests.Simple("a", "eu"), 1)], version: 3);
        var output = new MemoryStream();
        await ManifestListWriter.WriteAsync(output, [manifest, manifest], ManifestCases.SnapshotId, 5, 12, 700);
        return await AvroParts.OfAsync(output.ToArray());
    }

    /// <summary>An Avro file and its parts, to be put together again around a damaged one, without compression and with right lengths: so the damage is found late.</summary>
    private sealed record AvroParts(byte[] Whole, byte[] Schema, Dictionary<string, byte[]> Metadata, int Records, byte[] Block)
    {
        public static async Task<AvroParts> OfAsync(byte[] file)
        {
            using var reader = await AvroFileReader.OpenAsync(new MemoryStream(file), IcebergReadLimits.Default, default);
            await reader.ReadBlockAsync(default);
            return new AvroParts(file, AvroSchemaJson.ToUtf8(reader.Schema), reader.Metadata, reader.RecordCount, reader.Block.ToArray());
        }

        public byte[] With(byte[]? schema = null, byte[]? block = null)
        {
            using var encoder = new AvroEncoder();
            encoder.WriteFixed(AvroFileReader.Magic);
            encoder.WriteInt64(Metadata.Count + 1);
            foreach (var (key, value) in Metadata.Append(new("avro.schema", schema ?? Schema)))
            {
                encoder.WriteBytes(Encoding.UTF8.GetBytes(key));
                encoder.WriteBytes(value);
            }

            encoder.WriteInt64(0);
            encoder.WriteFixed(new byte[16]);
            encoder.WriteInt64(Records);
            encoder.WriteBytes(block ?? Block);
            encoder.WriteFixed(new byte[16]);
            return encoder.Written.ToArray();
        }
    }
}
