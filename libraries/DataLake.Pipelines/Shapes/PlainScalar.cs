using System.Text.RegularExpressions;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>What YAML's core schema takes a text for (YAML 1.2.2, section 10.3.2).</summary>
internal enum PlainKind
{
    /// <summary>A text.</summary>
    Text,

    /// <summary>Null, or nothing at all.</summary>
    Null,

    /// <summary>True or false.</summary>
    Truth,

    /// <summary>A number.</summary>
    Number,
}

/// <summary>Tells texts from what only looks like one.</summary>
internal static partial class PlainScalar
{
    public static PlainKind KindOf(YamlScalar scalar) =>
        !scalar.IsPlain ? PlainKind.Text
        : Null().IsMatch(scalar.Value) ? PlainKind.Null
        : Truth().IsMatch(scalar.Value) ? PlainKind.Truth
        : Number().IsMatch(scalar.Value) ? PlainKind.Number
        : PlainKind.Text;

    [GeneratedRegex(@"^(?:null|Null|NULL|~|)\z")]
    private static partial Regex Null();

    [GeneratedRegex(@"^(?:true|True|TRUE|false|False|FALSE)\z")]
    private static partial Regex Truth();

    [GeneratedRegex(@"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z")]
    private static partial Regex Number();
}
