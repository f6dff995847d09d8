using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Partitioning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Manifests;

public sealed class ManifestTests
{
    [Theory]
    [InlineData(DataFileContent.Data)]
    [InlineData(DataFileContent.PositionDeletes)]
    [InlineData(DataFileContent.EqualityDeletes)]
    public async Task Entries_come_back_as_they_were_written(DataFileContent content)
    {
        var random = new Random(11);
        var kind = content == DataFileContent.Data ? ManifestContent.Data : ManifestContent.Deletes;
        List<ManifestEntry> entries = [];
        for (var i = 0; i < 2_000; i++)
        {
            var file = ManifestCases.RandomFile(random, ManifestCases.RandomPartition(random), ManifestCases.EveryTransform.SpecId, content);
            entries.Add(new ManifestEntry { Status = (ManifestEntryStatus)(i % 3), SnapshotId = 1 + (i % 5), SequenceNumber = 1 + (i % 7), FileSequenceNumber = i % 3 == 1 ? null : 4, DataFile = file });
        }

        var (bytes, manifest) = await WriteAsync(ManifestCases.EveryType, ManifestCases.EveryTransform, kind, entries);
        using var reader = await ManifestReader.OpenAsync(new MemoryStream(bytes), manifest with { SequenceNumber = 9 });
        reader.FormatVersion.ShouldBe(2);
        reader.Content.ShouldBe(kind);
        reader.ReadSchema().ShouldBe(ManifestCases.EveryType);
        reader.PartitionSpec.ShouldBe(ManifestCases.EveryTransform);
        var i2 = 0;
        await foreach (var entry in reader.ReadEntriesAsync())
        {
            var expected = entries[i2++];
            ManifestCases.Text(entry.DataFile).ShouldBe(ManifestCases.Text(expected.DataFile));
            (entry.Status, entry.SnapshotId, entry.SequenceNumber, entry.FileSequenceNumber).ShouldBe((expected.Status, expected.SnapshotId, expected.SequenceNumber, expected.FileSequenceNumber ?? 9));
        }

        i2.ShouldBe(entries.Count);
        manifest.ManifestLength.ShouldBe(bytes.Length);
        (manifest.ExistingFilesCount, manifest.AddedFilesCount, manifest.DeletedFilesCount).ShouldBe((667, 667, 666));
        manifest.AddedRowsCount.ShouldBe(entries.Where(entry => entry.Status == ManifestEntryStatus.Added).Sum(entry => entry.DataFile.RecordCount));
        manifest.MinSequenceNumber.ShouldBe(1);
    }

    [Fact]
    public async Task New_files_inherit_the_snapshot_and_the_sequence_number_of_the_manifest_list()
    {
        var file = Simple("a", "eu");
        var (bytes, manifest) = await WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data,
            [new ManifestEntry { Status = ManifestEntryStatus.Added, DataFile = file }, ManifestEntry.Added(file with { FilePath = "s3://lake/moved" }, 7, dataSequenceNumber: 3)]);
        manifest.SequenceNumber.ShouldBeNull();
        var listed = (await ListAsync([manifest], ManifestCases.SnapshotId, 12)).Single();
        (listed.SequenceNumber, listed.MinSequenceNumber).ShouldBe((12, 3));
        var entries = await EntriesAsync(bytes, listed);
        (entries[0].SnapshotId, entries[0].SequenceNumber, entries[0].FileSequenceNumber).ShouldBe((ManifestCases.SnapshotId, 12, 12));
        (entries[1].SnapshotId, entries[1].SequenceNumber, entries[1].FileSequenceNumber).ShouldBe((7, 3, 12));

        // What was inherited stays when the file is carried on.
        var (again, rewritten) = await WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, [entries[0].AsExisting(), entries[1].AsDeleted(99)]);
        var carried = await EntriesAsync(again, rewritten with { SequenceNumber = 20 });
        (carried[0].Status, carried[0].SnapshotId, carried[0].SequenceNumber, carried[0].FileSequenceNumber).ShouldBe((ManifestEntryStatus.Existing, ManifestCases.SnapshotId, 12, 12));
        (carried[1].Status, carried[1].SnapshotId, carried[1].SequenceNumber, carried[1].FileSequenceNumber).ShouldBe((ManifestEntryStatus.Deleted, 99, 3, 12));
        rewritten.MinSequenceNumber.ShouldBe(12);
    }

    [Fact]
    public async Task A_manifest_list_comes_back_as_it_was_written()
    {
        var random = new Random(2);
        List<ManifestFile> manifests = [];
        for (var i = 0; i < 300; i++)
        {
            manifests.Add(new ManifestFile
            {
                ManifestPath = $"s3://lake/metadata/{i}-m0.avro", ManifestLength = random.NextInt64(1L << 40), PartitionSpecId = i % 4, Content = (ManifestContent)(i % 2),
                SequenceNumber = i + 1, MinSequenceNumber = 1, AddedSnapshotId = random.NextInt64(), AddedFilesCount = i, ExistingFilesCount = 2, DeletedFilesCount = 0,
                AddedRowsCount = 1L << 40, ExistingRowsCount = 5, DeletedRowsCount = 6,
                Partitions = i % 3 == 0 ? null : [new FieldSummary(true, null, null, null), new FieldSummary(false, true, new byte[] { 1, 2 }, new byte[] { 3 })],
                KeyMetadata = i % 5 == 0 ? (ReadOnlyMemory<byte>?)new byte[] { 9 } : null,
            });
        }

        var read = await ListAsync(manifests, 1, 1000);
        read.Select(Text).ShouldBe(manifests.Select(Text));

        static string Text(ManifestFile manifest) => (manifest with { Partitions = null, KeyMetadata = null }).ToString() + Hex(manifest.KeyMetadata) +
            string.Join(';', (manifest.Partitions ?? []).Select(summary => $"{summary.ContainsNull} {summary.ContainsNan} {Hex(summary.LowerBound)} {Hex(summary.UpperBound)}")) + (manifest.Partitions is null);

        static string Hex(ReadOnlyMemory<byte>? bytes) => bytes is { } value ? Convert.ToHexString(value.Span) : "-";
    }

    [Fact]
    public async Task Summaries_of_partition_values_know_bounds_nulls_and_nans()
    {
        var schema = new Schema(StructType.Of(NestedField.Optional(1, "d", PrimitiveType.Double), NestedField.Optional(2, "s", PrimitiveType.String), NestedField.Optional(3, "n", PrimitiveType.Int)));
        var spec = new PartitionSpec(0, [.. schema.Columns.Fields.Select(field => new PartitionField(field.Id, 999 + field.Id, field.Name, DataLake.Iceberg.Transforms.Transform.Identity))]);
        var tuples = new[]
        {
            spec.Apply(IcebergValue.Double(0.0), IcebergValue.String("b"), IcebergValue.Null),
            spec.Apply(IcebergValue.Double(-0.0), IcebergValue.String("\U0001F600"), IcebergValue.Null),
            spec.Apply(IcebergValue.Double(double.NaN), IcebergValue.Null, IcebergValue.Null),
            spec.Apply(IcebergValue.Double(2.5), IcebergValue.String("\uFF5E"), IcebergValue.Null),
        };
        var (_, manifest) = await WriteAsync(schema, spec, ManifestContent.Data, [.. tuples.Select((tuple, i) => ManifestEntry.Added(Simple($"{i}", "") with { Partition = tuple, PartitionSpecId = 0 }, 1))]);
        var summaries = manifest.Partitions!;
        (summaries[0].ContainsNull, summaries[0].ContainsNan).ShouldBe((false, true));
        SingleValueBinary.Read(PrimitiveType.Double, summaries[0].LowerBound!.Value.Span).ShouldBe(IcebergValue.Double(-0.0));
        SingleValueBinary.Read(PrimitiveType.Double, summaries[0].UpperBound!.Value.Span).ShouldBe(IcebergValue.Double(2.5));
        (summaries[1].ContainsNull, summaries[1].ContainsNan).ShouldBe((true, false));
        SingleValueBinary.Read(PrimitiveType.String, summaries[1].UpperBound!.Value.Span).ShouldBe(IcebergValue.String("\U0001F600"));
        (summaries[2].ContainsNull, summaries[2].LowerBound.HasValue, summaries[2].UpperBound.HasValue).ShouldBe((true, false, false));
    }

    [Fact]
    public async Task Entries_that_do_not_belong_in_the_manifest_are_refused_and_it_goes_on()
    {
        var output = new MemoryStream();
        await using var writer = new ManifestWriter(output, ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, 1);
        var file = Simple("a", "eu");
        await Refused(ManifestEntry.Added(file with { Content = DataFileContent.PositionDeletes }, 1), "other kind");
        await Refused(ManifestEntry.Added(file with { PartitionSpecId = 0 }, 1), "partitioned by the spec 0");
        await Refused(ManifestEntry.Added(file with { Partition = PartitionTuple.Empty }, 1), "0 partition values");
        await Refused(ManifestEntry.Added(file with { Partition = new PartitionTuple(IcebergValue.Int(1)) }, 1), "'region'");
        await Refused(ManifestEntry.Added(file with { EqualityIds = [1] }, 1), "equality ids");
        await Refused(ManifestEntry.Added(file with { RecordCount = -1 }, 1), "negative");
        await Refused(ManifestEntry.Added(file, 1) with { FileSequenceNumber = 3 }, "only its commit assigns");
        await Refused(ManifestEntry.Added(file, 1).AsExisting(), "both sequence numbers");
        await Refused(ManifestEntry.Added(file with { ReferencedDataFile = "half \uD800" }, 1), "surrogate");
        await writer.WriteAsync(ManifestEntry.Added(file, 1));
        var manifest = await writer.CompleteAsync("s3://lake/m");
        (await EntriesAsync(output.ToArray(), manifest with { SequenceNumber = 1 })).Count.ShouldBe(1);
        (await Should.ThrowAsync<IcebergException>(async () => await writer.WriteAsync(ManifestEntry.Added(file, 1)))).Kind.ShouldBe(IcebergErrorKind.InvalidState);

        async Task Refused(ManifestEntry entry, string why)
        {
            var error = await Should.ThrowAsync<IcebergException>(async () => await writer.WriteAsync(entry));
            error.Kind.ShouldBe(IcebergErrorKind.Invalid);
            error.Message.ShouldContain(why);
        }
    }

    [Fact]
    public void A_spec_that_no_table_has_taken_yet_writes_no_manifest() => Should.Throw<IcebergException>(() =>
        new ManifestWriter(Stream.Null, ManifestCases.Simple, new PartitionSpec(0, [PartitionField.Of(2, "region", DataLake.Iceberg.Transforms.Transform.Identity)]), ManifestContent.Data, 1))
        .Message.ShouldContain("without an id");

    [Fact]
    public async Task Manifest_lists_take_no_manifest_of_another_time()
    {
        var (_, manifest) = await WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, []);
        (await Should.ThrowAsync<IcebergException>(() => ListAsync([manifest], 5, 2))).Message.ShouldContain("added by snapshot");
        (await Should.ThrowAsync<IcebergException>(() => ListAsync([manifest with { SequenceNumber = 3 }], 5, 2))).Message.ShouldContain("sequence number above");
        (await Should.ThrowAsync<IcebergException>(() => ListAsync([manifest with { AddedFilesCount = null }], ManifestCases.SnapshotId, 2))).Message.ShouldContain("never counted");
    }

    [Fact]
    public async Task An_entry_is_written_without_setting_memory_aside()
    {
        var entry = ManifestEntry.Added(ManifestCases.RandomFile(new Random(6), new PartitionTuple(IcebergValue.String("eu")), 1), 1);
        await using var writer = new ManifestWriter(Stream.Null, ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, 1);
        Write(1_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Write(20_000);

        // A few bytes an entry: the compressor makes its state anew for every block.
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(20_000 * 32);

        void Write(int count)
        {
            for (var i = 0; i < count; i++)
                if (!writer.WriteAsync(entry).AsTask().IsCompletedSuccessfully) throw new InvalidOperationException("Nothing here has to be waited for.");
        }
    }

    [Fact]
    public async Task Metrics_are_left_out_when_nobody_wants_them()
    {
        var file = Simple("a", "eu") with { ColumnSizes = new([new(1, 5)]), LowerBounds = new([new(1, new byte[8])]), SplitOffsets = [4] };
        var (bytes, manifest) = await WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, [ManifestEntry.Added(file, 1), ManifestEntry.Added(file, 1)]);
        using var reader = await ManifestReader.OpenAsync(new MemoryStream(bytes), manifest with { SequenceNumber = 1 }, new() { WithMetrics = false });
        var count = 0;
        await foreach (var entry in reader.ReadEntriesAsync())
        {
            (entry.DataFile.ColumnSizes, entry.DataFile.LowerBounds, entry.DataFile.SplitOffsets!.Count, entry.DataFile.FilePath).ShouldBe((null, null, 1, file.FilePath));
            count++;
        }

        count.ShouldBe(2);
        (await Should.ThrowAsync<IcebergException>(async () => await reader.ReadEntriesAsync().GetAsyncEnumerator().MoveNextAsync())).Kind.ShouldBe(IcebergErrorKind.InvalidState);
    }

    internal static DataFile Simple(string name, string region) => new()
    {
        FilePath = $"s3://lake/{name}.parquet",
        Partition = new PartitionTuple(IcebergValue.String(region)),
        PartitionSpecId = 1,
        RecordCount = 10,
        FileSizeInBytes = 100,
    };

    internal static async Task<(byte[] Bytes, ManifestFile Manifest)> WriteAsync(Schema schema, PartitionSpec spec, ManifestContent content, IReadOnlyList<ManifestEntry> entries, int version = 2)
    {
        var output = new MemoryStream();
        await using var writer = new ManifestWriter(output, schema, spec, content, ManifestCases.SnapshotId, version);
        foreach (var entry in entries) await writer.WriteAsync(entry);
        var manifest = await writer.CompleteAsync("s3://lake/metadata/m0.avro");
        return (output.ToArray(), manifest);
    }

    internal static async Task<IReadOnlyList<ManifestEntry>> EntriesAsync(byte[] bytes, ManifestFile? manifest)
    {
        using var reader = await ManifestReader.OpenAsync(new MemoryStream(bytes), manifest);
        List<ManifestEntry> entries = [];
        await foreach (var entry in reader.ReadEntriesAsync()) entries.Add(entry);
        return entries;
    }

    internal static async Task<IReadOnlyList<ManifestFile>> ListAsync(IEnumerable<ManifestFile> manifests, long snapshotId, long sequenceNumber, long? firstRowId = null)
    {
        var output = new MemoryStream();
        await ManifestListWriter.WriteAsync(output, manifests, snapshotId, null, sequenceNumber, firstRowId);
        output.Position = 0;
        List<ManifestFile> read = [];
        await foreach (var manifest in ManifestListReader.ReadAsync(output)) read.Add(manifest);
        return read;
    }
}
