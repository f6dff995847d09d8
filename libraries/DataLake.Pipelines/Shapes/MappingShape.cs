using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>Keys and values.</summary>
/// <param name="what">The mapping in words.</param>
/// <param name="keys">All keys it may have.</param>
/// <param name="oneOf">Keys of which at least one is needed.</param>
internal sealed class MappingShape(string what, IReadOnlyList<Key> keys, IReadOnlyList<Key>? oneOf = null) : Shape<MappingReader>(what)
{
    private readonly Dictionary<string, Key> byName = keys.ToDictionary(key => key.Name, StringComparer.Ordinal);

    public override bool Accepts(YamlNode node) => node is YamlMap;

    public override JsonObject Schema()
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["properties"] = new JsonObject(keys.Select(key => KeyValuePair.Create(key.Name, (JsonNode?)key.Schema()))),
        };
        if (keys.Any(key => key.IsRequired))
        {
            schema["required"] = Names(keys.Where(key => key.IsRequired));
        }

        if (oneOf is not null)
        {
            schema["anyOf"] = new JsonArray([.. oneOf.Select(key => (JsonNode)new JsonObject { ["required"] = Names([key]) })]);
        }

        return schema;
    }

    protected override bool ReadContent(YamlNode node, ProblemList problems, out MappingReader value)
    {
        var readings = new Dictionary<Key, MappingReader.Reading>();
        foreach (var entry in ((YamlMap)node).Entries)
        {
            if (byName.TryGetValue(entry.Key.Value, out var key))
            {
                readings.Add(key, new MappingReader.Reading(key.Read(entry.Value, problems), entry.Value.At));
            }
            else
            {
                problems.Add(entry.Key.At, () => $"unknown key {Shown.Key(entry.Key.Value)}"
                    + NearestName.Advice(entry.Key.Value, byName.Keys, $"; the keys here are {string.Join(", ", byName.Keys)}"));
            }
        }

        foreach (var key in keys.Where(key => key.IsRequired && !readings.ContainsKey(key)))
        {
            problems.Add(node.At, () => $"'{key.Name}' is missing; write '{key.Name}:' and {key.What}");
        }

        if (oneOf is not null && !oneOf.Any(readings.ContainsKey))
        {
            problems.Add(node.At, $"one of {string.Join(", ", oneOf.Select(key => key.Name))} is needed");
        }

        value = new MappingReader(node.At, readings, keys.All(key => !key.IsRequired || readings.GetValueOrDefault(key).Value is not null));
        return true;
    }

    private static JsonArray Names(IEnumerable<Key> named) => new([.. named.Select(key => (JsonNode)JsonValue.Create(key.Name))]);
}
