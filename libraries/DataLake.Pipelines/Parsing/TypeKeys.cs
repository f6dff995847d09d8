using System.Globalization;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of <c>types</c>, of a pipeline and of a table.</summary>
internal static class TypeKeys
{
    /// <summary>Numbers without bounds: text, or the digits of a decimal after its point.</summary>
    internal sealed record NumericForm(int? DecimalScale);

    public static readonly Key<NumericForm> Numeric = new(
        "numeric",
        new TextShape<NumericForm>("text, or a decimal of 38 digits such as decimal(38,9), with 0 to 38 of them after the point", ReadNumeric,
            @"^(?:text|decimal\(38, ?(?:[0-9]|[12][0-9]|3[0-8])\))$"),
        "What a numeric of no declared precision, or of more than 38 digits, becomes (money too): text, or a decimal. A value that does not fit the decimal is refused; nothing is rounded.")
    {
        Default = TextOf(DefinitionDefaults.Types.DecimalScale),
        Examples = ["text", "decimal(38,9)"],
    };

    public static readonly Key<NanPolicy> Nan = new(
        "nan",
        new ChoiceShape<NanPolicy>(new Dictionary<string, NanPolicy> { ["fail"] = NanPolicy.Fail, ["null"] = NanPolicy.Null }, nullMeans: "null"),
        "What becomes of NaN and infinity in numbers that are kept as decimals: the run fails, or they are null. A part of the key is never made null.")
    {
        Default = TextOf(DefinitionDefaults.Types.Nan),
        Examples = ["null"],
    };

    public static readonly Key<InfinityPolicy> Infinity = new(
        "infinity",
        new ChoiceShape<InfinityPolicy>(
            new Dictionary<string, InfinityPolicy> { ["fail"] = InfinityPolicy.Fail, ["null"] = InfinityPolicy.Null, ["text"] = InfinityPolicy.Text }, nullMeans: "null"),
        "What becomes of infinite dates and timestamps: the run fails, they are null, or all dates and timestamps are kept as text. A part of the key is never made null.")
    {
        Default = TextOf(DefinitionDefaults.Types.Infinity),
        Examples = ["text"],
    };

    public static readonly Key<ArrayPolicy> Arrays = new(
        "arrays",
        new ChoiceShape<ArrayPolicy>(new Dictionary<string, ArrayPolicy> { ["text"] = ArrayPolicy.Text, ["list"] = ArrayPolicy.List }),
        "What arrays become: PostgreSQL's text, or lists. As lists, an array of more than one dimension, or that does not begin at 1, is refused.")
    {
        Default = TextOf(DefinitionDefaults.Types.Arrays),
        Examples = ["list"],
    };

    /// <summary>What is decided about types.</summary>
    public static readonly Key<MappingReader> Types = new(
        "types", new MappingShape("a mapping with numeric, nan, infinity or arrays", [Numeric, Nan, Infinity, Arrays]),
        "What is decided where a type of PostgreSQL has no exact counterpart (docs/types.md); what a table says wins, key by key.")
    {
        DefaultInWords = "nothing is lost, a value that cannot be kept makes the run fail",
        Examples = [new JsonObject { ["numeric"] = "decimal(38,9)", ["infinity"] = "text" }],
    };

    /// <summary>The decisions for a table.</summary>
    public static TypesDefinition Of(MappingReader table, MappingReader pipeline)
    {
        var own = table.TryGet(Types, out var found) ? found : null;
        var shared = pipeline.TryGet(Types, out found) ? found : null;
        return new TypesDefinition(
            Get(Numeric, new NumericForm(DefinitionDefaults.Types.DecimalScale)).DecimalScale,
            Get(Nan, DefinitionDefaults.Types.Nan),
            Get(Infinity, DefinitionDefaults.Types.Infinity),
            Get(Arrays, DefinitionDefaults.Types.Arrays));

        T Get<T>(Key<T> key, T otherwise)
            where T : notnull => own?.TryGet(key, out var value) == true || shared?.TryGet(key, out value) == true ? value : otherwise;
    }

    private static NumericForm? ReadNumeric(string text, out string? error)
    {
        error = null;
        return text == "text" ? new NumericForm(null)
            : new NumericForm(int.Parse(text.AsSpan(text.IndexOf(',', StringComparison.Ordinal) + 1).TrimEnd(')'), CultureInfo.InvariantCulture));
    }

    private static string TextOf(int? scale) => scale is null ? "text" : string.Create(CultureInfo.InvariantCulture, $"decimal(38,{scale})");

    private static string TextOf(Enum policy) => policy.ToString().ToLowerInvariant();
}
