using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DataLake.Pipelines.JsonSchema;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Tests.Support;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Tests.JsonSchema;

/// <summary>Reads files with the parser and with a small JSON Schema validator, and compares.</summary>
public class SchemaAgreementTests
{
    private static readonly JsonObject Schema = PipelineJsonSchema.Create();

    public static TheoryData<string> Good =>
    [
        Example.Yaml,
        Example.Smallest(),
        Example.Smallest("cursor: { column: c }\nwindow: PT15M\nstart: 2024-01-01T06:00:00+02:00\nlag: 0s"),
        Example.Smallest("chunks: 8\nretries: 0\nsensitive:\n  - column: a\n    mask: null"),
        Example.Smallest("types: { numeric: \"decimal(38,0)\", nan: null, infinity: text }", "types: { numeric: text }\n"),
        Example.Smallest("files: { compression: BROTLI, size: 1 gb, bloom_filters: [a, b] }", "defaults: { files: { compression: lz4_raw, size: 100MiB } }\n"),
        Example.Smallest("iceberg: { partition_by: [a, \"bucket(16, a)\", \"truncate( 4 ,b)\", month(\"odd, name\")] }\n", "defaults: { iceberg: { sort_by: [a, b DESC, \"c asc Nulls  Last\"], snapshots: { for: 30d } } }\n").Replace("month(\"odd, name\")", "'month(\"odd, name\")'", StringComparison.Ordinal),
        Example.Smallest("", "notify: [{ on: [failed], webhook: { url: env:HOOK } }]\n"),
        Example.Smallest("", "source2: 1\n").Replace("source2: 1\n", "mask_key: secretsmanager:prod/lake\n", StringComparison.Ordinal),
    ];

    [Theory]
    [MemberData(nameof(Good))]
    public void What_the_parser_takes_the_schema_takes(string yaml)
    {
        PipelineParser.Parse(yaml, "p.yaml").Errors.ShouldBeEmpty();
        Errors(Schema, ToJson(yaml)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("schedul: rate(1 day)")]
    [InlineData("retries: \"3\"")]
    [InlineData("retries: 101")]
    [InlineData("retries: [3]")]
    [InlineData("retries:")]
    [InlineData("lag: 90\ncursor: c")]
    [InlineData("timeout: 2 hours")]
    [InlineData("timeout: PT")]
    [InlineData("cursor: 5")]
    [InlineData("cursor: { timezone: UTC }")]
    [InlineData("cursor: [c]")]
    [InlineData("key: id")]
    [InlineData("key: []")]
    [InlineData("key: [id, id]")]
    [InlineData("write: merge")]
    [InlineData("start: tomorrow\ncursor: c")]
    [InlineData("chunks: 0")]
    [InlineData("chunks: many")]
    [InlineData("chunks: { column: q, lower: 1, upper: 5 }")]
    [InlineData("sensitive: [{ mask: null }]")]
    [InlineData("sensitive: [{ column: a, mask: none }]")]
    [InlineData("concurrency: 1.5")]
    [InlineData("types: { numeric: \"decimal(38,40)\" }")]
    [InlineData("types: { nan: text }")]
    [InlineData("types: { infinity: [null] }")]
    [InlineData("types: { array: list }")]
    [InlineData("files: { compression: Lz4_raw }")]
    [InlineData("files: { size: 256 }")]
    [InlineData("files: { size: 1.5GB }")]
    [InlineData("files: { bloom_filters: [] }")]
    [InlineData("iceberg: { partition_by: [days(a)] }")]
    [InlineData("iceberg: { partition_by: [\"bucket(x, a)\"] }")]
    [InlineData("iceberg: { partition_by: [a, a] }")]
    [InlineData("iceberg: { sort_by: [a upwards] }")]
    [InlineData("iceberg: { deletes: none }")]
    [InlineData("iceberg: { format_version: 4 }")]
    [InlineData("iceberg: { snapshots: { keep: 1 } }")]
    public void What_the_parser_refuses_for_its_form_the_schema_refuses(string keys)
    {
        PipelineParser.Parse(Example.Smallest(keys), "p.yaml").Errors.ShouldNotBeEmpty();
        Errors(Schema, ToJson(Example.Smallest(keys))).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("pipeline: 7up\nsource: { connection: env:X }\ntables: [{ table: t }]")]
    [InlineData("pipeline: p\nsource: { connection: Host=db }\ntables: [{ table: t }]")]
    [InlineData("pipeline: p\ntables: [{ table: t }]")]
    [InlineData("pipeline: p\nsource: { connection: env:X }\ntables: []")]
    [InlineData("pipeline: p\nsource: { connection: env:X }\ntables: [{ table: t }]\nnotify: [{ on: [failed] }]")]
    [InlineData("pipeline: p\nsource: { connection: env:X }\ntables: [{ table: t }]\nnotify: [{ on: [failed], log: 1 }]")]
    public void The_schema_refuses_files_that_the_parser_refuses(string yaml)
    {
        PipelineParser.Parse(yaml, "p.yaml").Errors.ShouldNotBeEmpty();
        Errors(Schema, ToJson(yaml)).ShouldNotBeEmpty();
    }

    [Fact]
    public void Every_key_in_the_schema_is_known_to_the_parser_and_has_a_description()
    {
        foreach (var property in Properties(Schema))
        {
            property.Value["description"]!.GetValue<string>().Length.ShouldBeGreaterThan(5, property.Key);
        }

        var keys = Schema["properties"]!["tables"]!["items"]!["properties"]!.AsObject().Select(property => property.Key);
        var unknown = PipelineParser.Parse(Example.Smallest("zzzzzzzzzzzz: 1"), "p.yaml").Errors.ShouldHaveSingleItem().Message;
        unknown.ShouldEndWith(string.Join(", ", keys));
    }

    private static IEnumerable<KeyValuePair<string, JsonNode>> Properties(JsonNode? node) => node switch
    {
        JsonObject mapping => (mapping["properties"] is JsonObject found ? found.Select(property => KeyValuePair.Create(property.Key, property.Value!)) : [])
            .Concat(mapping.Where(member => member.Key is not ("default" or "examples")).SelectMany(member => Properties(member.Value))),
        JsonArray list => list.SelectMany(Properties),
        _ => [],
    };

    private static JsonNode? ToJson(string yaml)
    {
        var problems = new ProblemList();
        var node = YamlReader.Read(yaml, problems);
        problems.Count.ShouldBe(0);
        return ToJson(node!);
    }

    private static JsonNode? ToJson(YamlNode node) => node switch
    {
        YamlMap map => new JsonObject(map.Entries.Select(entry => KeyValuePair.Create(entry.Key.Value, ToJson(entry.Value)))),
        YamlList list => new JsonArray([.. list.Items.Select(ToJson)]),
        YamlScalar scalar => PlainScalar.KindOf(scalar) switch
        {
            PlainKind.Null => null,
            PlainKind.Truth => scalar.Value is "true",
            PlainKind.Number => decimal.Parse(scalar.Value, CultureInfo.InvariantCulture),
            _ => scalar.Value,
        },
        _ => throw new InvalidOperationException(),
    };

    // The keywords that the schema uses, and no others: an unknown one fails.
    private static IEnumerable<string> Errors(JsonObject schema, JsonNode? value) => schema.SelectMany(keyword => keyword.Key switch
    {
        "$schema" or "title" or "description" or "default" or "examples" => [],
        "type" => If(TypeOf(value) == keyword.Value!.GetValue<string>() || (TypeOf(value) == "integer" && keyword.Value!.GetValue<string>() == "number"), $"type {keyword.Value}"),
        "enum" => If(keyword.Value!.AsArray().Any(option => JsonNode.DeepEquals(option, value)), "enum"),
        "pattern" => If(TypeOf(value) != "string" || Regex.IsMatch(value!.GetValue<string>(), keyword.Value!.GetValue<string>(), RegexOptions.ECMAScript), $"pattern {keyword.Value}"),
        "minLength" => If(TypeOf(value) != "string" || value!.GetValue<string>().Length >= keyword.Value!.GetValue<int>(), "minLength"),
        "maxLength" => If(TypeOf(value) != "string" || value!.GetValue<string>().Length <= keyword.Value!.GetValue<int>(), "maxLength"),
        "minimum" => If(TypeOf(value) != "integer" || value!.GetValue<decimal>() >= keyword.Value!.GetValue<long>(), "minimum"),
        "maximum" => If(TypeOf(value) != "integer" || value!.GetValue<decimal>() <= keyword.Value!.GetValue<long>(), "maximum"),
        "required" => If(value is not JsonObject mapping || keyword.Value!.AsArray().All(name => mapping.ContainsKey(name!.GetValue<string>())), "required"),
        "additionalProperties" => If(value is not JsonObject mapping || mapping.All(member => ((JsonObject)schema["properties"]!).ContainsKey(member.Key)), "additionalProperties"),
        "properties" => value is JsonObject mapping
            ? keyword.Value!.AsObject().Where(property => mapping.ContainsKey(property.Key)).SelectMany(property => Errors(property.Value!.AsObject(), mapping[property.Key]))
            : [],
        "items" => value is JsonArray list ? list.SelectMany(item => Errors(keyword.Value!.AsObject(), item)) : [],
        "minItems" => If(value is not JsonArray list || list.Count >= keyword.Value!.GetValue<int>(), "minItems"),
        "uniqueItems" => If(value is not JsonArray list || list.Select(item => item?.ToJsonString()).Distinct().Count() == list.Count, "uniqueItems"),
        "anyOf" => If(keyword.Value!.AsArray().Any(way => !Errors(way!.AsObject(), value).Any()), "anyOf"),
        _ => [$"unknown keyword {keyword.Key}"],
    });

    private static IEnumerable<string> If(bool holds, string otherwise) => holds ? [] : [otherwise];

    private static string TypeOf(JsonNode? value) => value switch
    {
        null => "null",
        JsonObject => "object",
        JsonArray => "array",
        _ => value.GetValueKind() switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.Number => value.GetValue<decimal>() % 1 == 0 ? "integer" : "number",
            _ => "boolean",
        },
    };
}
