using System.Text.RegularExpressions;

namespace DataLake.Pipelines.Yaml;

/// <summary>Repeats what a person wrote in a message, but never what could be a secret, and never more than a few words.</summary>
internal static partial class Shown
{
    private const int Longest = 60;

    /// <summary>A value in quotes, or <c>this value</c> where it may be a secret or is too long to help.</summary>
    public static string Value(string text) => CanBeShown(text) ? $"'{text}'" : "this value";

    /// <summary>A key in quotes, or <c>this</c>.</summary>
    public static string Key(string text) => CanBeShown(text) ? $"'{text}'" : "this";

    private static bool CanBeShown(string text) => text.Length <= Longest && !text.Any(char.IsControl) && !LooksSecret().IsMatch(text);

    [GeneratedRegex(
        @"pass|pwd|secret|token|api.?key|credential|host\s*=|server\s*=|user(name|\s*id)?\s*=|[a-z]://[^/\s]*@|AKIA|ASIA|-----BEGIN|[A-Za-z0-9+/=_\-]{32,}",
        RegexOptions.IgnoreCase)]
    private static partial Regex LooksSecret();
}
