using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>A whole number.</summary>
internal sealed partial class WholeNumberShape(long least, long most) : Shape<long>(Words(least, most))
{
    public override bool Accepts(YamlNode node) => node is YamlScalar { IsPlain: true } scalar && Digits().IsMatch(scalar.Value);

    public override JsonObject Schema()
    {
        var schema = new JsonObject { ["type"] = "integer" };
        if (least != long.MinValue)
        {
            schema["minimum"] = least;
        }

        if (most != long.MaxValue)
        {
            schema["maximum"] = most;
        }

        return schema;
    }

    protected override bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out long value)
    {
        var text = ((YamlScalar)node).Value;
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= least && value <= most)
        {
            return true;
        }

        problems.Add(node.At, $"{Shown.Value(text)} is out of range; write {What}");
        return false;
    }

    protected override string Refusal(YamlNode node) => node switch
    {
        YamlScalar { IsPlain: false } quoted when Digits().IsMatch(quoted.Value) =>
            $"this is a text because of its quotes; write {quoted.Value} without them",
        YamlScalar scalar when PlainScalar.KindOf(scalar) != PlainKind.Null => $"{Shown.Value(scalar.Value)} is not {What}",
        _ => base.Refusal(node),
    };

    private static string Words(long least, long most) => (least, most) switch
    {
        (long.MinValue, long.MaxValue) => "a whole number",
        (_, long.MaxValue) => $"a whole number from {least}",
        _ => $"a whole number from {least} to {most}",
    };

    [GeneratedRegex(@"^-?[0-9]{1,30}\z")]
    private static partial Regex Digits();
}
