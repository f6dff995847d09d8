using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>True or false.</summary>
internal sealed class TruthShape() : Shape<bool>("true or false")
{
    public override bool Accepts(YamlNode node) => node is YamlScalar scalar && PlainScalar.KindOf(scalar) == PlainKind.Truth;

    public override JsonObject Schema() => new() { ["type"] = "boolean" };

    protected override bool ReadContent(YamlNode node, ProblemList problems, out bool value)
    {
        value = ((YamlScalar)node).Value[0] is 't' or 'T';
        return true;
    }
}
