using System.Text.Json.Nodes;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Tests.Manifests;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Types;
using DataLake.Testing;
using DataLake.Testing.Readers;

namespace DataLake.Iceberg.Tests.Conformance;

/// <summary>What we write, field by field against the tables of the specification; Avro files are read for it by a program that shares no code with us.</summary>
public sealed class ConformanceTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Manifests_have_the_fields_of_the_specification_and_no_others(int version)
    {
        var lines = await ManifestLinesAsync(version);
        var header = JsonNode.Parse(lines[0])!;
        foreach (var key in SpecificationTables.ManifestMetadata) header[key].ShouldNotBeNull(key);
        (header["format-version"]!.GetValue<string>(), header["schema-id"]!.GetValue<string>(), header["partition-spec-id"]!.GetValue<string>(), header["content"]!.GetValue<string>()).ShouldBe(($"{version}", "7", "3", "data"));
        SchemaJson.Parse(System.Text.Encoding.UTF8.GetBytes(header["schema"]!.GetValue<string>())).ShouldBe(ManifestCases.EveryType);
        JsonNode.Parse(header["partition-spec"]!.GetValue<string>())!.AsArray()[1]!["transform"]!.GetValue<string>().ShouldBe("identity");

        var entry = JsonNode.Parse(header["avro.schema"]!.GetValue<string>())!;
        entry["name"]!.GetValue<string>().ShouldBe("manifest_entry");
        Compare(entry, SpecificationTables.ManifestEntry, version);
        var dataFile = Field(entry, "data_file")["type"]!;
        Compare(dataFile, SpecificationTables.DataFile, version);

        var partition = Field(dataFile, "partition")["type"]!["fields"]!.AsArray();
        for (var i = 0; i < ManifestCases.EveryTransform.Fields.Count; i++)
        {
            partition[i]!["field-id"]!.GetValue<int>().ShouldBe(ManifestCases.EveryTransform.Fields[i].FieldId);
            partition[i]!["type"]![0]!.GetValue<string>().ShouldBe("null");
            if (i >= SpecificationTables.AvroTypes.Length) continue;
            ManifestCases.EveryType.Columns.Fields[i].Type.ToString().ShouldBe(SpecificationTables.AvroTypes[i].Type);
            var avro = partition[i]!["type"]![1]!.DeepClone();
            if (avro is JsonObject named) named.Remove("name");
            JsonNode.DeepEquals(avro, JsonNode.Parse(SpecificationTables.AvroTypes[i].Avro)).ShouldBeTrue($"{SpecificationTables.AvroTypes[i]} {avro.ToJsonString()}");
        }

        partition[0]!["name"]!.GetValue<string>().ShouldBe("c_x201");
    }

    [Theory]
    [InlineData(2, null)]
    [InlineData(3, 700L)]
    public async Task Manifest_lists_have_the_fields_of_the_specification_and_no_others(int version, long? firstRowId)
    {
        using var folder = new TemporaryFolder();
        var (_, manifest) = await ManifestTests.WriteAsync(ManifestCases.Simple, ManifestCases.ByRegion, ManifestContent.Data, [ManifestEntry.Added(ManifestTests.Simple("a", "eu"), 1)]);
        await using (var output = File.Create(folder.In("l.avro"))) await ManifestListWriter.WriteAsync(output, [manifest], ManifestCases.SnapshotId, 5, 12, firstRowId);
        var lines = await LakeReaders.AvroAsync(folder.In("l.avro"));
        var header = JsonNode.Parse(lines[0])!;
        (header["snapshot-id"]!.GetValue<string>(), header["parent-snapshot-id"]!.GetValue<string>(), header["sequence-number"]!.GetValue<string>(), header["format-version"]!.GetValue<string>())
            .ShouldBe(("3051729675574597004", "5", "12", $"{version}"));
        header["first-row-id"]?.GetValue<string>().ShouldBe("700");
        var schema = JsonNode.Parse(header["avro.schema"]!.GetValue<string>())!;
        Compare(schema, SpecificationTables.ManifestFile, version);
        var list = Field(schema, "partitions")["type"]![1]!;
        list["element-id"]!.GetValue<int>().ShouldBe(508);
        Compare(list["items"]!, SpecificationTables.FieldSummary, version);
        JsonNode.DeepEquals(JsonNode.Parse(lines[1]), JsonNode.Parse($$"""
            {"manifest_path":"s3://lake/metadata/m0.avro","manifest_length":{{manifest.ManifestLength}},"partition_spec_id":1,"content":0,"sequence_number":12,"min_sequence_number":12,
             "added_snapshot_id":"3051729675574597004","added_files_count":1,"existing_files_count":0,"deleted_files_count":0,"added_rows_count":10,"existing_rows_count":0,"deleted_rows_count":0,
             "partitions":[{"contains_null":false,"contains_nan":false,"lower_bound":"0x6575","upper_bound":"0x6575"}],"key_metadata":null{{(firstRowId is null ? "" : ",\"first_row_id\":700")}}}
            """)).ShouldBeTrue(lines[1]);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task An_independent_reader_of_avro_finds_every_entry(int version)
    {
        var lines = await ManifestLinesAsync(version);
        lines.Count.ShouldBe(301);
        var random = new Random(1);
        foreach (var line in lines.Skip(1))
        {
            var file = ManifestCases.RandomFile(random, ManifestCases.RandomPartition(random), 3);
            var read = JsonNode.Parse(line)!["data_file"]!;
            read["file_path"]!.GetValue<string>().ShouldBe(file.FilePath);
            read["file_format"]!.GetValue<string>().ShouldBe("PARQUET");
            read["record_count"]!.GetValue<long>().ShouldBe(file.RecordCount);
            (read["column_sizes"] as JsonArray)?.Count.ShouldBe(file.ColumnSizes!.Count);
            var bounds = (read["lower_bounds"] as JsonArray)?.Select(bound => (bound!["key"]!.GetValue<int>(), bound["value"]!.GetValue<string>()));
            bounds?.ShouldBe(file.LowerBounds!.Select(bound => (bound.Key, "0x" + Convert.ToHexStringLower(bound.Value.Span))));
            (read["split_offsets"] as JsonArray)?.Select(offset => offset!.GetValue<long>()).ShouldBe(file.SplitOffsets);
            var uuid = read["partition"]!["c_x2012"];
            (uuid is null).ShouldBe(file.Partition[11].IsNull);
            if (uuid is not null) uuid.GetValue<string>().ShouldBe("0x" + Convert.ToHexStringLower(file.Partition[11].AsUuid().ToByteArray(bigEndian: true)));
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Table_metadata_has_the_fields_of_the_specification_and_no_others(int version)
    {
        var table = TableCases.Commit(TableCases.Commit(TableCases.New(version), 1), 2, 3000, "s3://b/v1");
        var json = JsonNode.Parse(TableCases.JsonOf(table))!.AsObject();
        Compare(json, SpecificationTables.TableMetadata, version);
        Compare(json["snapshots"]![1]!.AsObject(), SpecificationTables.Snapshot, version);
        json["snapshot-log"]!.AsArray().ShouldAllBe(entry => entry!.AsObject().Select(field => field.Key).Order().SequenceEqual(new[] { "snapshot-id", "timestamp-ms" }));
        json["metadata-log"]!.AsArray().ShouldAllBe(entry => entry!.AsObject().Select(field => field.Key).Order().SequenceEqual(new[] { "metadata-file", "timestamp-ms" }));

        // A table without a snapshot has no current one.
        JsonNode.Parse(TableCases.JsonOf(TableCases.New()))!["current-snapshot-id"].ShouldBeNull();
    }

    private static async Task<IReadOnlyList<string>> ManifestLinesAsync(int version)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        var entries = Enumerable.Range(0, 300).Select(_ => ManifestEntry.Added(ManifestCases.RandomFile(random, ManifestCases.RandomPartition(random), 3), 1)).ToList();
        var (bytes, _) = await ManifestTests.WriteAsync(ManifestCases.EveryType, ManifestCases.EveryTransform, ManifestContent.Data, entries, version);
        await File.WriteAllBytesAsync(folder.In("m.avro"), bytes);
        return await LakeReaders.AvroAsync(folder.In("m.avro"));
    }

    private static JsonNode Field(JsonNode record, string name) => record["fields"]!.AsArray().Single(field => field!["name"]!.GetValue<string>() == name)!;

    private static void Compare(JsonNode record, SpecifiedField[] specified, int version)
    {
        var written = record["fields"]!.AsArray();
        var expected = specified.Where(field => field.Of(version) != Asked.Omitted && !SpecificationTables.Deprecated.Contains(field.Id)).ToList();
        written.Select(field => field!["name"]!.GetValue<string>()).ShouldBe(expected.Select(field => field.Name), ignoreOrder: true);
        foreach (var field in expected)
        {
            var found = Field(record, field.Name);
            found["field-id"]!.GetValue<int>().ShouldBe(field.Id, field.Name);
            var type = found["type"]!;
            (type is JsonArray).ShouldBe(field.Of(version) == Asked.Optional, field.Name);
            found.AsObject().ContainsKey("default").ShouldBe(field.Of(version) == Asked.Optional, field.Name);
            if (type is JsonArray union) (union.Count, union[0]!.GetValue<string>()).ShouldBe((2, "null"));
            TypeOf(type is JsonArray ? type[1]! : type).ShouldBe(field.Type, field.Name);
        }
    }

    private static void Compare(JsonObject written, (string Name, Asked V2, Asked V3)[] specified, int version)
    {
        foreach (var (name, asked) in specified.Select(field => (field.Name, version == 3 ? field.V3 : field.V2)))
            if (asked != Asked.Optional) written.ContainsKey(name).ShouldBe(asked == Asked.Required, name);
        written.Select(field => field.Key).Except(specified.Select(field => field.Name)).ShouldBeEmpty();
    }

    /// <summary>The type in the words of the specification.</summary>
    private static string TypeOf(JsonNode type) => type switch
    {
        JsonValue plain => plain.GetValue<string>(),
        _ when type["type"]!.GetValue<string>() == "record" => "struct",
        _ when (string?)type["logicalType"] == "map" =>
            $"map<{Field(type["items"]!, "key")["field-id"]}: {TypeOf(Field(type["items"]!, "key")["type"]!)}, {Field(type["items"]!, "value")["field-id"]}: {TypeOf(Field(type["items"]!, "value")["type"]!)}>",
        _ => $"list<{type["element-id"]}: {TypeOf(type["items"]!)}>",
    };
}
