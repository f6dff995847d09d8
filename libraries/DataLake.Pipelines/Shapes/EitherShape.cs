using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>A value that can be written in more than one way; the first way that accepts the node reads it.</summary>
internal sealed class EitherShape<T>(string what, params Shape<T>[] ways) : Shape<T>(what)
    where T : notnull
{
    public override bool Accepts(YamlNode node) => ways.Any(way => way.Accepts(node));

    public override JsonObject Schema() => new() { ["anyOf"] = new JsonArray([.. ways.Select(way => (JsonNode)way.Schema())]) };

    protected override bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out T value) =>
        ways.First(way => way.Accepts(node)).Read(node, problems, out value);
}
