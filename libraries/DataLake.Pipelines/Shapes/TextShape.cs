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

    public override bool Accepts(YamlNode node) => node is YamlScalar scalar && PlainScalar.KindOf(scalar) != PlainKind.Null;

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
        var scalar = (YamlScalar)node;
        if (!TryRead(scalar.Value, out value, out var error))
        {
            problems.Add(node.At, isSecret ? $"this is not {What}" : $"{Shown.Value(scalar.Value)} {Refusal(scalar, isUsable: false, error)}");
            return false;
        }

        if (PlainScalar.KindOf(scalar) != PlainKind.Text)
        {
            problems.Add(node.At, $"{Shown.Value(scalar.Value)} {Refusal(scalar, isUsable: true, error)}");
        }

        return true;
    }

    // A number may be a text without its quotes, or one that lacks its unit.
    private string Refusal(YamlScalar scalar, bool isUsable, string? error)
    {
        var kind = PlainScalar.KindOf(scalar);
        var name = kind == PlainKind.Number ? "a number" : "true or false";
        return kind == PlainKind.Text ? error ?? $"is not {What}"
            : isUsable ? $"is {name} to YAML; to mean the text, write \"{scalar.Value}\" in quotes"
            : $"is {name}; write {What}";
    }

    private bool TryRead(string text, [MaybeNullWhen(false)] out T value, out string? error)
    {
        value = default;
        error = null;
        if (text.Length is 0 or > LongestText || text.EndsWith('\n') || form?.IsMatch(text) == false)
        {
            return false;
        }

        value = read(text, out error);
        return value is not null && error is null;
    }
}
