using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DataLake.Pipelines.JsonSchema;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Tests.Support;

namespace DataLake.Pipelines.Tests.JsonSchema;

public class DocumentationTests
{
    private const string Page = "docs/definitions.md";
    private const string Start = "<!-- keys: written by the tests from the parser's own description -->\n";
    private const string End = "<!-- end of keys -->";
    private static readonly JsonSerializerOptions Compact = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public void The_published_schema_is_what_the_code_makes() => RepositoryFile.ShouldBe("docs/pipeline.schema.json", PipelineJsonSchema.CreateText());

    [Fact]
    public void The_page_lists_every_key_as_the_code_describes_it()
    {
        var page = RepositoryFile.Read(Page);
        var start = page.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        var tables = new StringBuilder();
        WriteKeys(tables, "The file", PipelineJsonSchema.Create());
        RepositoryFile.ShouldBe(Page, page[..start] + tables + page[page.IndexOf(End, StringComparison.Ordinal)..]);
    }

    [Fact]
    public void Every_example_in_the_schema_is_taken_by_the_parser()
    {
        foreach (var (key, schema) in PipelineJsonSchema.Create()["properties"]!["tables"]!["items"]!["properties"]!.AsObject())
        {
            foreach (var example in schema!["examples"]?.AsArray() ?? [])
            {
                var others = new Dictionary<string, string> { ["table"] = "public.t", ["schedule"] = "rate(1 day)", ["cursor"] = "c", ["key"] = "[id]" };
                others[key] = example!.ToJsonString(Compact);
                var table = string.Join("\n", others.Select((pair, index) => $"{(index == 0 ? "  - " : "    ")}{pair.Key}: {pair.Value}"));
                PipelineParser.Parse($"pipeline: p\nsource: {{ connection: env:X }}\nmask_key: env:M\ntables:\n{table}\n", key).Errors.ShouldBeEmpty();
            }
        }
    }

    private static void WriteKeys(StringBuilder text, string title, JsonObject mapping)
    {
        text.Append($"### {title}\n\n| Key | Example | Default | Meaning |\n|---|---|---|---|\n");
        var required = mapping["required"]?.AsArray().Select(name => name!.GetValue<string>()).ToList() ?? [];
        var inner = new List<(string Title, JsonObject Mapping)>();
        foreach (var (name, value) in mapping["properties"]!.AsObject())
        {
            var schema = value!.AsObject();
            var example = schema["examples"]?.AsArray().Last();
            var byDefault = required.Contains(name) ? "required" : Shown(schema["default"]);
            text.Append($"| `{name}` | {Shown(example)} | {byDefault} | {schema["description"]} |\n");
            if (name != "defaults" && MappingIn(schema) is { } found)
            {
                inner.Add((title == "The file" ? $"`{name}`" : $"{title}, `{name}`", found));
            }
        }

        text.Append('\n');
        inner.ForEach(item => WriteKeys(text, item.Title, item.Mapping));
    }

    private static string Shown(JsonNode? value) => value switch
    {
        null => "",
        JsonValue single when single.GetValueKind() == JsonValueKind.String => $"`{single}`",
        _ => $"`{value.ToJsonString(Compact).Replace("\":", "\": ", StringComparison.Ordinal).Replace(",\"", ", \"", StringComparison.Ordinal)}`",
    };

    // The mapping that a value is, or that is one of the ways to write it, or an item of it.
    private static JsonObject? MappingIn(JsonObject schema) =>
        schema.ContainsKey("properties") ? schema
        : schema["items"] is JsonObject items ? MappingIn(items)
        : schema["anyOf"]?.AsArray().Select(way => MappingIn(way!.AsObject())).FirstOrDefault(found => found is not null);
}
