using System.Text.Json;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Parsing;

namespace DataLake.Pipelines.JsonSchema;

/// <summary>The JSON Schema (draft 2020-12) of definition files, for editors. Made from the same description that the parser reads by.</summary>
public static class PipelineJsonSchema
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>The schema. It refuses no file that the parser takes; rules between keys are the parser's alone.</summary>
    public static JsonObject Create()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "DataLake pipeline",
            ["description"] = "A pipeline definition: one source database and the tables that are kept up to date from it.",
        };
        foreach (var (name, value) in PipelineKeys.Shape.Schema())
        {
            schema[name] = value?.DeepClone();
        }

        return schema;
    }

    /// <summary>The schema as text, as it is published: indented by two, lines end with a line feed.</summary>
    public static string CreateText() => Create().ToJsonString(Indented) + "\n";
}
