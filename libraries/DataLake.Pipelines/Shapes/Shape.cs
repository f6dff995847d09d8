using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Nodes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Shapes;

/// <summary>What a value looks like: reads it, and describes itself.</summary>
/// <param name="what">The value in words, for messages: <c>a duration such as 15m</c>.</param>
internal abstract class Shape<T>(string what)
    where T : notnull
{
    /// <summary>The value in words.</summary>
    public string What { get; } = what;

    /// <summary>Whether a node is of the kind that this shape reads (its content may still be wrong).</summary>
    public abstract bool Accepts(YamlNode node);

    /// <summary>The JSON Schema of such a value.</summary>
    public abstract JsonObject Schema();

    /// <summary>Reads a value; where it cannot, says why.</summary>
    public bool Read(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (node is YamlUnusable)
        {
            return false;
        }

        if (Accepts(node))
        {
            return ReadContent(node, problems, out value);
        }

        problems.Add(node.At, Refusal(node));
        return false;
    }

    /// <summary>The same shape, whose value is made into another, which may be refused.</summary>
    public Shape<TResult> Then<TResult>(Func<T, YamlNode, ProblemList, TResult?> convert)
        where TResult : notnull => new ConvertedShape<T, TResult>(this, convert);

    /// <summary>Reads a node that is accepted.</summary>
    protected abstract bool ReadContent(YamlNode node, ProblemList problems, [MaybeNullWhen(false)] out T value);

    /// <summary>What to say of a node that is not accepted.</summary>
    protected virtual string Refusal(YamlNode node) => node switch
    {
        YamlScalar scalar when PlainScalar.KindOf(scalar) == PlainKind.Null => $"there is no value here; write {What}",
        YamlScalar => $"this must be {What}",
        YamlList => $"this is a list; write {What}",
        _ => $"this is a mapping (keys and values); write {What}",
    };
}
