using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using static DataLake.Iceberg.Tests.Metadata.TableCases;

namespace DataLake.Iceberg.Tests.Metadata;

public sealed class TableMetadataTests
{
    [Fact]
    public void A_new_table_is_written_as_the_specification_says()
    {
        var table = Commit(New(), 3051729675574597004, 1515100955770, "s3://b/wh/data.db/table/metadata/v1.json");
        JsonOf(table).ShouldBe("""
            {"format-version":2,"table-uuid":"fb072c92-a02b-11e9-ae9c-1bb7bc9eca94","location":"s3://b/wh/data.db/table","last-sequence-number":1,"last-updated-ms":1515100955770,"last-column-id":3,
            "current-schema-id":0,"schemas":[{"type":"struct","schema-id":0,"identifier-field-ids":[1],"fields":[{"id":1,"name":"id","required":true,"type":"long"},
            {"id":2,"name":"ts","required":false,"type":"timestamptz","doc":"when"},{"id":3,"name":"region","required":false,"type":"string"}]}],
            "default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[{"source-id":2,"field-id":1000,"name":"ts_day","transform":"day"},{"source-id":1,"field-id":1001,"name":"id_bucket","transform":"bucket[16]"}]}],
            "last-partition-id":1001,"default-sort-order-id":1,"sort-orders":[{"order-id":1,"fields":[{"transform":"identity","source-id":1,"direction":"asc","null-order":"nulls-first"},
            {"transform":"bucket[4]","source-id":3,"direction":"desc","null-order":"nulls-last"}]}],"properties":{"owner":"us"},"current-snapshot-id":3051729675574597004,
            "refs":{"main":{"snapshot-id":3051729675574597004,"type":"branch"}},"snapshots":[{"sequence-number":1,"snapshot-id":3051729675574597004,"timestamp-ms":1515100955770,
            "summary":{"operation":"append","added-records":"1"},"manifest-list":"s3://b/wh/data.db/table/metadata/snap-3051729675574597004.avro","schema-id":0}],"statistics":[],"partition-statistics":[],
            "snapshot-log":[{"timestamp-ms":1515100955770,"snapshot-id":3051729675574597004}],"metadata-log":[{"timestamp-ms":1000,"metadata-file":"s3://b/wh/data.db/table/metadata/v1.json"}]}
            """.ReplaceLineEndings(""));
    }

    [Fact]
    public void Metadata_comes_back_byte_for_byte_with_all_that_is_not_known_here()
    {
        var json = JsonNode.Parse(JsonOf(Commit(Commit(New(), 1), 2, 3000, "s3://b/v1")))!;
        json["later"] = new JsonObject { ["x"] = new JsonArray(1, 2.50m, "ä\u2028") };
        json["snapshots"]![0]!["key-id"] = "k";
        json["refs"]!["main"]!["min-snapshots-to-keep"] = 3;
        json["refs"]!["main"]!["later"] = true;
        json["schemas"]![0]!["fields"]![1]!["write-default"] = "2020-01-01T00:00:00+00:00";
        json["partition-specs"]![0]!["fields"]![0]!["later"] = 1;
        json["sort-orders"]![0]!["later"] = null;
        json["statistics"] = JsonNode.Parse("""[{"snapshot-id":1,"statistics-path":"s3://b/s.puffin","file-size-in-bytes":10,"file-footer-size-in-bytes":5,"blob-metadata":[{"type":"ndv","snapshot-id":1,"sequence-number":1,"fields":[1]}]}]""");
        json["partition-statistics"] = JsonNode.Parse("""[{"snapshot-id":2,"statistics-path":"s3://b/p.parquet","file-size-in-bytes":10}]""");
        var table = Parse(json.ToJsonString());
        var again = JsonOf(table);
        JsonNode.DeepEquals(JsonNode.Parse(again), json).ShouldBeTrue(again);
        JsonOf(Parse(again)).ShouldBe(again);
        table.Statistics.Single().SnapshotId.ShouldBe(1);
        table.Refs["main"].MinSnapshotsToKeep.ShouldBe(3);
    }

    [Fact]
    public void Version_1_is_read_with_the_defaults_of_the_specification()
    {
        var table = Parse("""
            {"format-version":1,"location":"s3://b/t","last-updated-ms":5,"last-column-id":2,
             "schema":{"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":"int"},{"id":2,"name":"b","required":false,"type":"date"}]},
             "partition-spec":[{"source-id":2,"name":"b_year","transform":"year"},{"source-id":1,"name":"a_bucket","transform":"bucket[2]"}],
             "current-snapshot-id":-1}
            """);
        (table.FormatVersion, table.TableUuid, table.LastSequenceNumber, table.CurrentSnapshotId, table.CurrentSchemaId, table.DefaultSpecId, table.LastPartitionId).ShouldBe((1, (Guid?)null, 0L, (long?)null, 0, 0, 1001));
        table.DefaultSpec.Fields.Select(field => (field.FieldId, field.Transform)).ShouldBe([(1000, Transform.Year), (1001, Transform.Bucket(2))]);
        table.SortOrders.Single().OrderId.ShouldBe(0);
        Should.Throw<IcebergException>(() => TableMetadataJson.ToUtf8(table)).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Fact]
    public void A_snapshot_of_version_1_may_name_its_manifests()
    {
        var table = Parse("""
            {"format-version":1,"table-uuid":"fb072c92-a02b-11e9-ae9c-1bb7bc9eca94","location":"s3://b/t","last-updated-ms":5,"last-column-id":1,
             "schema":{"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":"int"}]},"partition-spec":[],
             "current-snapshot-id":7,"snapshots":[{"snapshot-id":7,"timestamp-ms":4,"manifests":["s3://b/t/m1.avro"]}]}
            """);
        table.CurrentSnapshot!.Manifests.ShouldBe(["s3://b/t/m1.avro"]);
        table.Refs["main"].SnapshotId.ShouldBe(7);
    }

    [Fact]
    public void Metadata_that_was_compressed_with_gzip_is_read()
    {
        var plain = TableMetadataJson.ToUtf8(New());
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write(plain);
        TableMetadataJson.ToUtf8(TableMetadataJson.Parse(compressed.ToArray())).ShouldBe(plain);
        Should.Throw<IcebergException>(() => TableMetadataJson.Parse(compressed.ToArray(), new() { MaxMetadataBytes = 100 })).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);
    }

    [Theory]
    [InlineData("/format-version", "4", IcebergErrorKind.Unsupported, "version 4")]
    [InlineData("/format-version", "3", IcebergErrorKind.Corrupt, "next-row-id is missing")]
    [InlineData("/format-version", "0", IcebergErrorKind.Unsupported, "version 0")]
    [InlineData("/table-uuid", null, IcebergErrorKind.Corrupt, "table metadata.table-uuid is missing")]
    [InlineData("/table-uuid", "\"x\"", IcebergErrorKind.Corrupt, "must be a UUID")]
    [InlineData("/last-sequence-number", null, IcebergErrorKind.Corrupt, "last-sequence-number is missing")]
    [InlineData("/last-sequence-number", "1", IcebergErrorKind.Corrupt, "last-sequence-number is 1")]
    [InlineData("/last-column-id", "2", IcebergErrorKind.Corrupt, "last-column-id is 2")]
    [InlineData("/last-column-id", "2.5", IcebergErrorKind.Corrupt, "whole number of 32 bits")]
    [InlineData("/current-schema-id", "9", IcebergErrorKind.Corrupt, "current-schema-id is 9")]
    [InlineData("/schemas/0/type", null, IcebergErrorKind.Corrupt, "schemas[0].type is missing")]
    [InlineData("/schemas/0/type", "\"list\"", IcebergErrorKind.Corrupt, "must be struct")]
    [InlineData("/schemas", "[]", IcebergErrorKind.Corrupt, "schemas is empty")]
    [InlineData("/schemas/0/fields/0/type", "\"variant\"", IcebergErrorKind.Corrupt, "is not primitive")]
    [InlineData("/schemas/0/fields/0/id", "2", IcebergErrorKind.Corrupt, "same id 2")]
    [InlineData("/schemas/0/fields/0/required", "false", IcebergErrorKind.Corrupt, "cannot identify rows")]
    [InlineData("/default-spec-id", "1", IcebergErrorKind.Corrupt, "default-spec-id is 1")]
    [InlineData("/last-partition-id", "1000", IcebergErrorKind.Corrupt, "last-partition-id is 1000")]
    [InlineData("/partition-specs/0/fields/0/field-id", "1001", IcebergErrorKind.Corrupt, "1001 twice")]
    [InlineData("/default-sort-order-id", "5", IcebergErrorKind.Corrupt, "default-sort-order-id is 5")]
    [InlineData("/sort-orders/0/fields/0/direction", "\"up\"", IcebergErrorKind.Corrupt, "asc or desc")]
    [InlineData("/current-snapshot-id", "1", IcebergErrorKind.Corrupt, "main points to 2")]
    [InlineData("/current-snapshot-id", null, IcebergErrorKind.Corrupt, "main points to 2")]
    [InlineData("/current-snapshot-id", "77", IcebergErrorKind.Corrupt, "no snapshot of the table")]
    [InlineData("/refs/main/snapshot-id", "1", IcebergErrorKind.Corrupt, "main points to 1")]
    [InlineData("/refs/main/type", "\"tag\"", IcebergErrorKind.Corrupt, "cannot be a tag")]
    [InlineData("/snapshots/0/snapshot-id", "2", IcebergErrorKind.Corrupt, "two snapshots")]
    [InlineData("/snapshots/0/manifest-list", null, IcebergErrorKind.Corrupt, "no manifest-list")]
    [InlineData("/snapshots/0/summary", null, IcebergErrorKind.Corrupt, "no summary")]
    [InlineData("/snapshots/0/summary/operation", "7", IcebergErrorKind.Corrupt, "must be a string")]
    [InlineData("/snapshots/1/timestamp-ms", "\"x\"", IcebergErrorKind.Corrupt, "table metadata.snapshots[1].timestamp-ms")]
    [InlineData("/properties/owner", "1", IcebergErrorKind.Corrupt, "properties.owner")]
    public void What_contradicts_itself_or_the_specification_is_refused_with_its_place(string path, string? value, IcebergErrorKind kind, string message)
    {
        var json = JsonNode.Parse(JsonOf(Commit(Commit(New(), 1), 2)))!;
        var steps = path.Split('/')[1..];
        var parent = steps[..^1].Aggregate(json, (node, step) => int.TryParse(step, out var i) ? node[i]! : node[step]!);
        if (value is null) parent.AsObject().Remove(steps[^1]);
        else parent[steps[^1]] = JsonNode.Parse(value);
        var error = Should.Throw<IcebergException>(() => Parse(json.ToJsonString()));
        error.Message.ShouldContain(message);
        error.Kind.ShouldBe(kind);
        error.CanRetry.ShouldBeFalse();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"format-version\":2,\"location\":\"\\ud800\",\"table-uuid\":\"fb072c92-a02b-11e9-ae9c-1bb7bc9eca94\",\"last-sequence-number\":0,\"last-updated-ms\":0}")]
    public void What_is_no_table_metadata_is_refused(string json) => Should.Throw<IcebergException>(() => Parse(json)).Kind.ShouldBe(IcebergErrorKind.Corrupt);

    [Fact]
    public void What_is_not_known_here_may_nest_deep()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 200)) + string.Concat(Enumerable.Repeat("]", 200));
        var json = JsonOf(New());
        json = $"{json[..^1]},\"later\":{deep}}}";
        JsonOf(Parse(json)).ShouldBe(json);
    }

    [Fact]
    public void Nesting_without_end_is_refused()
    {
        var type = new StringBuilder("\"int\"");
        for (var i = 0; i < 500; i++) type = new StringBuilder($$"""{"type":"list","element-id":{{i + 2}},"element-required":true,"element":""").Append(type).Append('}');
        Should.Throw<IcebergException>(() => SchemaJson.Parse(Encoding.UTF8.GetBytes($$"""{"type":"struct","fields":[{"id":1,"name":"a","required":true,"type":{{type}}}]}"""))).Kind.ShouldBe(IcebergErrorKind.Corrupt);
    }
}
