using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>One of a few words.</summary>
/// <param name="options">The words and what they mean.</param>
/// <param name="nullMeans">The word that YAML's null stands for, where that is one of them (<c>mask: null</c>).</param>
/// <param name="orInCapitals">Whether the words, which are small, may be written in capitals.</param>
internal sealed class ChoiceShape<T>(IReadOnlyDictionary<string, T> options, string? nullMeans = null, bool orInCapitals = false)
    : Shape<T>("one of " + string.Join(", ", options.Keys))
    where T : struct
{
    public override bool Accepts(YamlNode node) => node is YamlScalar scalar && PlainScalar.KindOf(scalar) switch
    {
        PlainKind.Text => true,
        PlainKind.Null => nullMeans is not null,
        _ => false,
    };

    public override JsonObject Schema()
    {
        var words = orInCapitals ? options.Keys.Concat(options.Keys.Select(word => word.ToUpperInvariant())) : options.Keys;
        var names = new JsonArray([.. words.Select(word => (JsonNode)JsonValue.Create(word))]);
        if (nullMeans is not null)
        {
            names.Add(null);
        }

        return new JsonObject { ["enum"] = names };
    }

    protected override bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        var scalar = (YamlScalar)node;
        var word = PlainScalar.KindOf(scalar) == PlainKind.Null ? nullMeans! : scalar.Value;
        var isInCapitals = orInCapitals && !word.Any(char.IsLower);
        if (options.TryGetValue(isInCapitals ? word.ToLowerInvariant() : word, out value))
        {
            return true;
        }

        problems.Add(node.At, $"{Shown.Value(word)} is not {What}{NearestName.Advice(word, [.. options.Keys])}");
        return false;
    }

    protected override string Refusal(YamlNode node) =>
        node is YamlScalar scalar && PlainScalar.KindOf(scalar) != PlainKind.Null ? $"{Shown.Value(scalar.Value)} is not {What}" : base.Refusal(node);
}
