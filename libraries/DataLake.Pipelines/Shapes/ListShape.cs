using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>An item of a list and where it stands.</summary>
internal readonly record struct Placed<T>(T Value, Position At);

/// <summary>A list with at least one item.</summary>
/// <param name="what">The list in words.</param>
/// <param name="item">What an item looks like.</param>
/// <param name="isSet">Whether an item may come only once.</param>
internal sealed class ListShape<T>(string what, Shape<T> item, bool isSet = false) : Shape<IReadOnlyList<Placed<T>>>(what)
    where T : notnull
{
    public override bool Accepts(YamlNode node) => node is YamlList;

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "array", ["items"] = item.Schema(), ["minItems"] = 1 };
        if (isSet)
        {
            schema["uniqueItems"] = true;
        }

        return schema;
    }

    protected override bool ReadContent(YamlNode node, ProblemList problems, out IReadOnlyList<Placed<T>> value)
    {
        var before = problems.Count;
        var items = new List<Placed<T>>();
        var seen = new HashSet<T>();
        foreach (var child in ((YamlList)node).Items)
        {
            if (!item.Read(child, problems, out var read))
            {
                continue;
            }

            if (isSet && !seen.Add(read))
            {
                problems.Add(child.At, "this stands in the list a second time; keep one");
            }

            items.Add(new Placed<T>(read, child.At));
        }

        if (((YamlList)node).Items.Count == 0)
        {
            problems.Add(node.At, $"the list is empty; write {What}, or leave the key out");
        }

        value = items;
        return problems.Count == before || items.Count > 0;
    }
}
