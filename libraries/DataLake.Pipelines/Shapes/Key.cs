using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>A key of a mapping: its name, what it means, and what its value looks like.</summary>
internal abstract class Key(string name, string description)
{
    public string Name { get; } = name;

    /// <summary>What the key means, in a sentence or two.</summary>
    public string Description { get; } = description;

    /// <summary>Whether a mapping without the key is refused.</summary>
    public bool IsRequired { get; init; }

    /// <summary>The value that holds where the key is left out: a text, number or truth value.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>What holds where the key is left out, where that is not a single value.</summary>
    public string? DefaultInWords { get; init; }

    /// <summary>Values to show.</summary>
    public IReadOnlyList<JsonNode> Examples { get; init; } = [];

    /// <summary>The value in words.</summary>
    public abstract string What { get; }

    /// <summary>The JSON Schema of the value, with description, default and examples.</summary>
    public JsonObject Schema()
    {
        var schema = ValueSchema();
        schema["description"] = DefaultInWords is null ? Description : $"{Description} Default: {DefaultInWords}.";
        if (Default is not null)
        {
            schema["default"] = Default.DeepClone();
        }

        if (Examples.Count > 0)
        {
            schema["examples"] = new JsonArray([.. Examples.Select(example => (JsonNode?)example.DeepClone())]);
        }

        return schema;
    }

    /// <summary>Reads a value of this key; null where it cannot be used, with the reason among the problems.</summary>
    public abstract object? Read(YamlNode node, ProblemList problems);

    protected abstract JsonObject ValueSchema();
}

/// <summary>A key whose value is a <typeparamref name="T"/>.</summary>
internal sealed class Key<T>(string name, Shape<T> shape, string description) : Key(name, description)
    where T : notnull
{
    public override string What => shape.What;

    public override object? Read(YamlNode node, ProblemList problems) => shape.Read(node, problems, out var value) ? value : null;

    protected override JsonObject ValueSchema() => shape.Schema();
}
