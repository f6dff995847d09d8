using System.Text.RegularExpressions;

namespace DataLake.Contracts;

/// <summary>The name of a table in a source: a schema and a name, exactly as the database spells them.</summary>
/// <param name="Schema">The schema, for example <c>public</c>.</param>
/// <param name="Name">The table (or view) in it.</param>
public sealed partial record TableName(string Schema, string Name)
{
    /// <summary>
    /// Reads <c>table</c>, <c>schema.table</c>, or either part in double quotes (<c>public."Odd.Name"</c>).
    /// A name without a schema is in <c>public</c>. Unquoted parts are taken as written: case is kept.
    /// </summary>
    /// <returns>The name, or null where <paramref name="text"/> is not one.</returns>
    public static TableName? TryParse(string? text)
    {
        var match = Pattern().Match(text ?? "");
        if (!match.Success)
        {
            return null;
        }

        var parts = match.Groups["part"].Captures.Select(part => Unquote(part.Value)).ToArray();
        return parts.Length == 1 ? new TableName("public", parts[0]) : new TableName(parts[0], parts[1]);
    }

    /// <summary>The name as <see cref="TryParse"/> reads it back; parts are quoted where they need to be.</summary>
    public override string ToString() => $"{QuoteIfNeeded(Schema)}.{QuoteIfNeeded(Name)}";

    /// <summary>The name as SQL: both parts are quoted identifiers.</summary>
    public string ToSql() => $"{Quote(Schema)}.{Quote(Name)}";

    /// <summary>Quotes one identifier for SQL: <c>"a""b"</c>.</summary>
    public static string Quote(string identifier) => $"\"{identifier.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string QuoteIfNeeded(string part) => Plain().IsMatch(part) ? part : Quote(part);

    private static string Unquote(string part) =>
        part.StartsWith('"') ? part[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : part;

    [GeneratedRegex(@"^(?<part>[\p{L}_][\p{L}\p{Nd}_$]*|""(?:[^""\0]|"""")+"")(?:\.(?<part>[\p{L}_][\p{L}\p{Nd}_$]*|""(?:[^""\0]|"""")+""))?$")]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[\p{L}_][\p{L}\p{Nd}_$]*$")]
    private static partial Regex Plain();
}
