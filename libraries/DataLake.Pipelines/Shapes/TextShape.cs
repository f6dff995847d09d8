using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>Reads a text, or says what is wrong with it (after "'text' ", so for example <c>is not a table</c>).</summary>
internal delegate T? TextReader<T>(string text, out string? error);

/// <summary>A text with a meaning.</summary>
/// <param name="what">The value in words.</param>
/// <param name="read">Reads it.</param>
/// <param name="pattern">What it looks like, as far as a regular expression (ECMA 262 and .NET alike) can say.</param>
/// <param name="isSecret">Whether the text must never be repeated, because a secret may have been written in its place.</param>
internal sealed class TextShape<T>(string what, TextReader<T> read, string? pattern = null, bool isSecret = false) : Shape<T>(what)
    where T : notnull
{
    private const int LongestText = 2048;

    private readonly Regex? form = pattern is null ? null : new Regex(pattern, RegexOptions.CultureInvariant);

    public override bool Accepts(YamlNode node) => node is YamlScalar scalar && PlainScalar.KindOf(scalar) == PlainKind.Text;

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "string", ["minLength"] = 1, ["maxLength"] = LongestText };
        if (pattern is not null)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }

    protected override bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        var text = ((YamlScalar)node).Value;
        string? error = null;
        value = text.Length is 0 or > LongestText || text.EndsWith('\n') || form?.IsMatch(text) == false ? default : read(text, out error);
        if (value is null || error is not null)
        {
            problems.Add(node.At, isSecret ? error ?? $"this is not {What}" : $"{Shown.Value(text)} {error ?? $"is not {What}"}");
            return false;
        }

        return true;
    }

    protected override string Refusal(YamlNode node) =>
        node is YamlScalar scalar && !isSecret && PlainScalar.KindOf(scalar) is PlainKind.Number or PlainKind.Truth
            ? NotAText((YamlScalar)node)
            : base.Refusal(node);

    // A number may be a value in quotes, or one that lacks its unit: the shape's own reading tells which.
    private string NotAText(YamlScalar scalar)
    {
        var isUsableInQuotes = form?.IsMatch(scalar.Value) != false && read(scalar.Value, out var error) is not null && error is null;
        var kind = PlainScalar.KindOf(scalar) == PlainKind.Number ? "a number" : "true or false";
        return isUsableInQuotes
            ? $"{Shown.Value(scalar.Value)} is {kind} to YAML; to mean the text, write \"{scalar.Value}\" in quotes"
            : $"{Shown.Value(scalar.Value)} is {kind}; write {What}";
    }
}
