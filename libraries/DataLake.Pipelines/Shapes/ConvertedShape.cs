using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>A shape whose value is made into another.</summary>
internal sealed class ConvertedShape<T, TResult>(Shape<T> inner, Func<T, YamlNode, ProblemList, TResult?> convert) : Shape<TResult>(inner.What)
    where T : notnull
    where TResult : notnull
{
    public override bool Accepts(YamlNode node) => inner.Accepts(node);

    public override JsonObject Schema() => inner.Schema();

    protected override bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out TResult value)
    {
        value = default;
        if (!inner.Read(node, problems, out var read))
        {
            return false;
        }

        value = convert(read, node, problems);
        return value is not null;
    }
}
