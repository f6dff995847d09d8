using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DataLake.Aws.Tests.Models;

/// <summary>Holds JSON against the shapes of a model: members known and required ones there, types, lengths, ranges, patterns, enums.</summary>
internal sealed class ShapeCheck(JsonElement shapes)
{
    public IReadOnlyList<string> Faults(string shape, JsonElement value, string where)
    {
        var faults = new List<string>();
        Check(shapes.GetProperty(shape), value, where, faults);
        return faults;
    }

    private void Check(JsonElement shape, JsonElement value, string where, List<string> faults)
    {
        var type = shape.GetProperty("type").GetString();
        var wanted = type switch
        {
            "structure" or "map" => JsonValueKind.Object,
            "list" => JsonValueKind.Array,
            "integer" or "long" or "float" or "double" or "timestamp" => JsonValueKind.Number,
            "boolean" => value.ValueKind == JsonValueKind.False ? JsonValueKind.False : JsonValueKind.True,
            "string" or "blob" => JsonValueKind.String,
            _ => throw new NotSupportedException($"The model has shapes of the type {type}, which the check does not know."),
        };
        if (value.ValueKind != wanted)
        {
            faults.Add($"{where} is {value.ValueKind}, not a {type}");
            return;
        }

        switch (type)
        {
            case "structure": CheckMembers(shape, value, where, faults); break;
            case "map":
                CheckRange(shape, value.EnumerateObject().Count(), $"{where}, entries:", faults);
                foreach (var entry in value.EnumerateObject())
                {
                    CheckText(ShapeOf(shape.GetProperty("key")), entry.Name, $"{where}, key '{entry.Name}'", faults);
                    Check(ShapeOf(shape.GetProperty("value")), entry.Value, $"{where}.{entry.Name}", faults);
                }

                break;
            case "list":
                CheckRange(shape, value.GetArrayLength(), $"{where}, elements:", faults);
                foreach (var (index, element) in value.EnumerateArray().Index()) Check(ShapeOf(shape.GetProperty("member")), element, $"{where}[{index}]", faults);
                break;
            case "string": CheckText(shape, value.GetString()!, where, faults); break;
            case "integer" or "long" when !value.TryGetInt64(out _): faults.Add($"{where} is {value.GetRawText()}, not a whole number"); break;
            case "integer" or "long" or "float" or "double": CheckRange(shape, value.GetDouble(), where, faults); break;
            default: break;
        }
    }

    private void CheckMembers(JsonElement shape, JsonElement value, string where, List<string> faults)
    {
        var members = shape.GetProperty("members");
        if (shape.TryGetProperty("required", out var required))
            faults.AddRange(required.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{where} has no {name}, which is required"));
        foreach (var member in value.EnumerateObject())
        {
            if (members.TryGetProperty(member.Name, out var known)) Check(ShapeOf(known), member.Value, $"{where}.{member.Name}", faults);
            else faults.Add($"{where} has no member {member.Name}");
        }
    }

    private static void CheckText(JsonElement shape, string text, string where, List<string> faults)
    {
        CheckRange(shape, text.Length, $"{where}, characters:", faults);
        if (shape.TryGetProperty("enum", out var values) && values.EnumerateArray().All(value => value.GetString() != text)) faults.Add($"{where} is '{text}', which is not in the enum");
        if (shape.TryGetProperty("pattern", out var pattern) && !Regex.IsMatch(text, $"\\A(?:{Pattern(pattern.GetString()!)})\\z", RegexOptions.CultureInvariant)) faults.Add($"{where} is '{text}', which {pattern} does not match");
    }

    private static void CheckRange(JsonElement shape, double value, string where, List<string> faults)
    {
        if ((shape.TryGetProperty("min", out var min) && value < min.GetDouble()) || (shape.TryGetProperty("max", out var max) && value > max.GetDouble()))
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{where} {value} is out of range"));
    }

    /// <summary>Models write the characters above U+FFFF as the range of their surrogate pairs, which .NET's expressions, over UTF-16 units, write as the range of surrogates.</summary>
    private static string Pattern(string pattern) => pattern.Replace(@"\uD800\uDC00-\uDBFF\uDFFF", @"\uD800-\uDFFF", StringComparison.Ordinal);

    private JsonElement ShapeOf(JsonElement reference) => shapes.GetProperty(reference.GetProperty("shape").GetString()!);
}
