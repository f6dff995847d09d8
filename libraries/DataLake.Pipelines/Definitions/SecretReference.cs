using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DataLake.Pipelines.Definitions;

/// <summary>Where a secret can be found; never the secret itself, so it may be logged and stored.</summary>
/// <param name="Scheme">The kind of place.</param>
/// <param name="Name">The name there.</param>
public sealed partial record SecretReference(SecretScheme Scheme, string Name)
{
    internal const string Pattern =
        @"^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:[^\s@;=]+|ssm:[A-Za-z0-9_.\-/:]+|secretsmanager:[A-Za-z0-9_.\-/+=@:!]+)$";

    /// <summary>Reads <c>env:NAME</c>, <c>file:/path</c>, <c>ssm:/path/name</c> or <c>secretsmanager:name</c>.</summary>
    /// <exception cref="FormatException">The text is not a reference. The message never repeats the text: it may be the secret.</exception>
    public static SecretReference Parse(string text) =>
        TryParse(text, out var reference) ? reference : throw new FormatException(
            "This is not a reference to a secret. Write env:NAME, file:/path, ssm:/path/name or secretsmanager:name, and keep the secret there.");

    /// <summary>Reads a reference as <see cref="Parse"/> does.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out SecretReference? reference)
    {
        reference = null;
        if (text is null || text.Length > 1024 || !Form().IsMatch(text))
        {
            return false;
        }

        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var scheme = text[..colon] switch
        {
            "env" => SecretScheme.Env,
            "file" => SecretScheme.File,
            "ssm" => SecretScheme.Ssm,
            _ => SecretScheme.SecretsManager,
        };
        reference = new SecretReference(scheme, text[(colon + 1)..]);
        return true;
    }

    /// <summary>The reference as it is written, for example <c>env:DATALAKE_SOURCE</c>.</summary>
    public override string ToString() => Scheme switch
    {
        SecretScheme.Env => $"env:{Name}",
        SecretScheme.File => $"file:{Name}",
        SecretScheme.Ssm => $"ssm:{Name}",
        _ => $"secretsmanager:{Name}",
    };

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
