using System.Text;
using DataLake.Iceberg.Avro;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Manifests;

/// <summary>Manifests as others write them: other orders of fields and unions, no ids, fields of other versions.</summary>
public sealed class OtherWritersTests
{
    private static readonly ManifestFile Listed = new() { ManifestPath = "m", ManifestLength = 1, PartitionSpecId = 0, AddedSnapshotId = 77, SequenceNumber = 9 };

    [Fact]
    public async Task Fields_are_found_by_id_whatever_their_names_order_and_unions()
    {
        var bytes = await WriteAsync("""
            {"type":"record","name":"manifest_entry","fields":[
              {"name":"extra","type":["null",{"type":"map","values":"double"}],"field-id":9000},
              {"name":"file","field-id":2,"type":{"type":"record","name":"r2","fields":[
                {"name":"bytes","type":"long","field-id":104},{"name":"rows","type":"int","field-id":103},
                {"name":"p","field-id":102,"type":{"type":"record","name":"r102","fields":[{"name":"later","type":"string","field-id":1999},{"name":"ts_day","type":["int","null"],"field-id":1000}]}},
                {"name":"fmt","type":["string","null"],"field-id":101},{"name":"path","type":"string","field-id":100},
                {"name":"row_id","type":["null","long"],"field-id":142},
                {"name":"sizes","field-id":108,"type":[{"type":"array","items":{"type":"record","name":"kv","fields":[{"name":"key","type":"int","field-id":117},{"name":"value","type":["null","int"],"field-id":118}]}},"null"]},
                {"name":"lower","field-id":125,"type":["null",{"type":"array","logicalType":"map","items":{"type":"record","name":"kb","fields":[{"name":"key","type":"int"},{"name":"value","type":"bytes"}]}}]},
                {"name":"ids","field-id":135,"type":["null",{"type":"array","items":"long","element-id":136}]},
                {"name":"kind","type":"int","field-id":134}]}},
              {"name":"seq","type":["long","null"],"field-id":3},{"name":"state","type":"int","field-id":0}]}
            """,
            [("format-version", "2"), ("content", "deletes"), ("partition-spec", """[{"source-id":4,"field-id":1000,"name":"ts_day","transform":"day"}]"""), ("partition-spec-id", "3")],
            encoder =>
            {
                encoder.WriteInt64(1);
                encoder.WriteInt64(1);
                encoder.WriteString("k");
                encoder.WriteDouble(1);
                encoder.WriteInt64(0);
                encoder.WriteInt64(1234);
                encoder.WriteInt64(5);
                encoder.WriteString("not asked for");
                encoder.WriteInt64(0);
                encoder.WriteInt64(17_000);
                encoder.WriteInt64(0);
                encoder.WriteString("parquet");
                encoder.WriteString("s3://b/d");
                encoder.WriteInt64(0);
                encoder.WriteInt64(0);
                encoder.WriteInt64(-2);
                encoder.WriteInt64(99);
                foreach (var (key, value) in ((int, int?)[])[(7, 70), (3, null)])
                {
                    encoder.WriteInt64(key);
                    if (encoder.WritePresence(value is not null)) encoder.WriteInt64(value!.Value);
                }

                encoder.WriteInt64(1);
                encoder.WriteInt64(2);
                encoder.WriteInt64(1);
                encoder.WriteInt64(20);
                encoder.WriteInt64(0);
                encoder.WriteInt64(1);
                encoder.WriteInt64(1);
                encoder.WriteInt64(2);
                encoder.WriteBytes([1, 2, 3]);
                encoder.WriteInt64(0);
                encoder.WriteInt64(1);
                encoder.WriteInt64(1);
                encoder.WriteInt64(4);
                encoder.WriteInt64(0);
                encoder.WriteInt64(2);
                encoder.WriteInt64(0);
                encoder.WriteInt64(6);
                encoder.WriteInt64(1);
            });
        var entry = (await ManifestTests.EntriesAsync(bytes, Listed with { Content = ManifestContent.Deletes, PartitionSpecId = 3 })).Single();
        (entry.Status, entry.SnapshotId, entry.SequenceNumber, entry.FileSequenceNumber).ShouldBe((ManifestEntryStatus.Added, 77, 6, 9));
        var file = entry.DataFile;
        (file.FilePath, file.FileFormat, file.RecordCount, file.FileSizeInBytes, file.Content, file.PartitionSpecId).ShouldBe(("s3://b/d", FileFormat.Parquet, 5L, 1234L, DataFileContent.EqualityDeletes, 3));
        file.Partition[0].ShouldBe(IcebergValue.Date(17_000));
        file.ColumnSizes!.ToDictionary().ShouldBe(new Dictionary<int, long> { [2] = 20, [7] = 70 });
        file.LowerBounds![2].ToArray().ShouldBe([1, 2, 3]);
        file.EqualityIds.ShouldBe([4]);
        file.SortOrderId.ShouldBeNull();
    }

    [Fact]
    public async Task Version_1_has_no_ids_no_sequence_numbers_and_fields_that_are_gone()
    {
        var bytes = await WriteAsync("""
            {"type":"record","name":"manifest_entry","fields":[{"name":"status","type":"int"},{"name":"snapshot_id","type":["null","long"],"default":null},
              {"name":"data_file","type":{"type":"record","name":"r2","fields":[{"name":"file_path","type":"string"},{"name":"file_format","type":"string"},
                {"name":"partition","type":{"type":"record","name":"r102","fields":[{"name":"a_x20b","type":["null","string"],"default":null}]}},
                {"name":"record_count","type":"long"},{"name":"file_size_in_bytes","type":"long"},{"name":"block_size_in_bytes","type":"long"},
                {"name":"distinct_counts","type":["null",{"type":"array","logicalType":"map","items":{"type":"record","name":"k123_v124","fields":[{"name":"key","type":"int"},{"name":"value","type":"long"}]}}]}]}}]}
            """,
            [("schema", """{"type":"struct","fields":[{"id":1,"name":"a b","required":false,"type":"string"}]}"""), ("partition-spec", """[{"source-id":1,"name":"a b","transform":"identity"}]""")],
            encoder =>
            {
                encoder.WriteInt64(0);
                encoder.WriteInt64(1);
                encoder.WriteInt64(55);
                encoder.WriteString("s3://b/d");
                encoder.WriteString("ORC");
                encoder.WriteInt64(1);
                encoder.WriteString("x");
                encoder.WriteInt64(5);
                encoder.WriteInt64(1234);
                encoder.WriteInt64(67108864);
                encoder.WriteInt64(0);
            });
        using var reader = await ManifestReader.OpenAsync(new MemoryStream(bytes), null);
        (reader.FormatVersion, reader.Content, reader.PartitionSpec.Fields[0].FieldId, reader.ReadSchema()!.SchemaId).ShouldBe((1, ManifestContent.Data, 1000, 0));
        var entry = (await ManifestTests.EntriesAsync(bytes, Listed with { SequenceNumber = 0 })).Single();
        (entry.Status, entry.SnapshotId, entry.SequenceNumber, entry.FileSequenceNumber).ShouldBe((ManifestEntryStatus.Existing, 55, 0, 0));
        (entry.DataFile.FileFormat, entry.DataFile.Partition[0], entry.DataFile.Content).ShouldBe((FileFormat.Orc, IcebergValue.String("x"), DataFileContent.Data));
    }

    [Fact]
    public async Task A_manifest_list_of_version_1_is_read_with_the_defaults_of_the_specification()
    {
        var bytes = await WriteAsync("""
            {"type":"record","name":"manifest_file","fields":[{"name":"manifest_path","type":"string","field-id":500},{"name":"manifest_length","type":"long","field-id":501},
              {"name":"partition_spec_id","type":"int","field-id":502},{"name":"added_snapshot_id","type":["null","long"],"field-id":503},
              {"name":"added_data_files_count","type":["null","int"]},
              {"name":"partitions","field-id":507,"type":["null",{"type":"array","element-id":508,"items":{"type":"record","name":"r508","fields":[{"name":"contains_null","type":"boolean","field-id":509},{"name":"upper_bound","type":["bytes","null"],"field-id":511}]}}]}]}
            """,
            [],
            encoder =>
            {
                encoder.WriteString("s3://b/m");
                encoder.WriteInt64(10);
                encoder.WriteInt64(2);
                encoder.WriteInt64(1);
                encoder.WriteInt64(77);
                encoder.WriteInt64(1);
                encoder.WriteInt64(4);
                encoder.WriteInt64(1);
                encoder.WriteInt64(1);
                encoder.WriteBoolean(false);
                encoder.WriteInt64(0);
                encoder.WriteBytes([5]);
                encoder.WriteInt64(0);
            });
        List<ManifestFile> read = [];
        await foreach (var manifest in ManifestListReader.ReadAsync(new MemoryStream(bytes))) read.Add(manifest);
        var found = read.Single();
        (found.Content, found.SequenceNumber, found.MinSequenceNumber, found.AddedSnapshotId, found.AddedFilesCount, found.ExistingFilesCount, found.HasLiveFiles).ShouldBe((ManifestContent.Data, 0L, 0L, 77L, 4, null, true));
        (found.Partitions![0].ContainsNull, found.Partitions[0].ContainsNan, found.Partitions[0].UpperBound!.Value.ToArray()[0]).ShouldBe((false, null, 5));
    }

    [Fact]
    public async Task Only_added_files_inherit_a_sequence_number()
    {
        var file = ManifestTests.Simple("a", "eu");
        var (bytes, manifest) = await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, [new ManifestEntry { Status = ManifestEntryStatus.Added, DataFile = file }]);

        // The status is the first byte of the first entry: existing instead of added.
        var plain = await WithoutCompressionAsync(bytes);
        var at = plain.AsSpan().IndexOf(Encoding.UTF8.GetBytes("s3://lake/a.parquet")) - 6;
        plain[at].ShouldBe((byte)2);
        plain[at] = 0;
        (await Should.ThrowAsync<IcebergException>(() => ManifestTests.EntriesAsync(plain, manifest with { SequenceNumber = 4 }))).Message.ShouldContain("only added files inherit");
        (await ManifestTests.EntriesAsync(plain, manifest with { SequenceNumber = 0 })).Single().SequenceNumber.ShouldBe(0);
        (await Should.ThrowAsync<IcebergException>(() => ManifestTests.EntriesAsync(bytes, null))).Message.ShouldContain("inherits its snapshot id");
    }

    [Theory]
    [InlineData("4", "content", "data", IcebergErrorKind.Unsupported)]
    [InlineData("x", "content", "data", IcebergErrorKind.Corrupt)]
    [InlineData("2", "content", "all", IcebergErrorKind.Corrupt)]
    [InlineData("2", "partition-spec", "7", IcebergErrorKind.Corrupt)]
    [InlineData("2", "partition-spec", """[{"source-ids":[1,2],"field-id":1000,"name":"z","transform":"zorder"}]""", IcebergErrorKind.Unsupported)]
    public async Task Manifests_of_other_versions_are_refused(string version, string key, string value, IcebergErrorKind kind)
    {
        var bytes = await WriteAsync("""{"type":"record","name":"manifest_entry","fields":[]}""", [("format-version", version), (key, value)], null);
        (await Should.ThrowAsync<IcebergException>(() => ManifestTests.EntriesAsync(bytes, Listed))).Kind.ShouldBe(kind);
    }

    private static async Task<byte[]> WithoutCompressionAsync(byte[] manifest)
    {
        using var reader = await AvroFileReader.OpenAsync(new MemoryStream(manifest), IcebergReadLimits.Default, default);
        await reader.ReadBlockAsync(default);
        var output = new MemoryStream();
        using var writer = new AvroFileWriter(output, reader.Schema, reader.Metadata, deflate: false);
        writer.Encoder.WriteFixed(reader.Block.Span);
        await writer.EndRecordAsync(default);
        await writer.CompleteAsync(default);
        return output.ToArray();
    }

    private static async Task<byte[]> WriteAsync(string schema, (string Key, string Value)[] metadata, Action<AvroEncoder>? record)
    {
        var output = new MemoryStream();
        using var other = new AvroFileWriterWithSchemaText(output, schema, metadata);
        if (record is not null) record(other.Encoder);
        await other.CompleteAsync(record is null ? 0 : 1);
        return output.ToArray();
    }

    /// <summary>A writer that stores the schema's text as it is: ours would write it in its own order.</summary>
    private sealed class AvroFileWriterWithSchemaText : IDisposable
    {
        private readonly MemoryStream output;
        private readonly AvroEncoder frame = new();

        public AvroFileWriterWithSchemaText(MemoryStream output, string schema, (string Key, string Value)[] metadata)
        {
            this.output = output;
            frame.WriteFixed(AvroFileReader.Magic);
            frame.WriteInt64(metadata.Length + 1);
            foreach (var (key, value) in metadata.Append(("avro.schema", schema)))
            {
                frame.WriteString(key);
                frame.WriteString(value);
            }

            frame.WriteInt64(0);
            frame.WriteFixed(new byte[16]);
        }

        public AvroEncoder Encoder { get; } = new();

        public async Task CompleteAsync(int records)
        {
            if (records > 0)
            {
                frame.WriteInt64(records);
                frame.WriteBytes(Encoder.Written.Span);
                frame.WriteFixed(new byte[16]);
            }

            await output.WriteAsync(frame.Written);
        }

        public void Dispose()
        {
            frame.Dispose();
            Encoder.Dispose();
        }
    }
}
