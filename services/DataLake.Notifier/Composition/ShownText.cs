using System.Text;

namespace DataLake.Notifier.Composition;

/// <summary>Makes text from elsewhere fit to be shown: in a header, a log line, or the ledger.</summary>
internal static class ShownText
{
    private const string Cut = "…";

    /// <summary>One line without control characters, at most <paramref name="longest"/> long.</summary>
    public static string Line(string text, int longest = 2000)
    {
        var line = new StringBuilder(text.Length);
        foreach (var character in text)
        {
            var shown = IsControl(character) ? ' ' : character;
            if (shown != ' ' || (line.Length > 0 && line[^1] != ' '))
            {
                line.Append(shown);
            }
        }

        return Shorten(line.ToString().TrimEnd(), longest);
    }

    /// <summary>Lines without other control characters, at most <paramref name="longest"/> long.</summary>
    public static string Lines(string text, int longest = 8000)
    {
        var lines = text.ReplaceLineEndings("\n").Select(character => character != '\n' && IsControl(character) ? ' ' : character);
        return Shorten(string.Concat(lines).Trim(), longest);
    }

    /// <summary>What a server said, as one short line in which no secret is left, neither as it is nor in Base64.</summary>
    public static string Answer(string text, params IEnumerable<string> secrets)
    {
        foreach (var secret in secrets.Where(secret => secret.Length > 0))
        {
            text = text.Replace(secret, "***", StringComparison.OrdinalIgnoreCase)
                .Replace(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), "***", StringComparison.Ordinal);
        }

        return Line(text, longest: 300);
    }

    private static bool IsControl(char character) => char.IsControl(character) || character is '\u2028' or '\u2029';

    private static string Shorten(string text, int longest)
    {
        if (text.Length <= longest)
        {
            return text;
        }

        var end = longest - Cut.Length;
        return text[..(char.IsHighSurrogate(text[end - 1]) ? end - 1 : end)] + Cut;
    }
}
