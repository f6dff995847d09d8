using System.Security.Cryptography;
using System.Text;
using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Parsing;

/// <summary>A definition file that was read without errors. The text is what a ledger keeps: it can always be parsed again.</summary>
/// <param name="Path">The file.</param>
/// <param name="Text">The YAML, exactly as it was read.</param>
/// <param name="Hash">The version of the text, see <see cref="HashOf"/>.</param>
/// <param name="Definition">What the text says.</param>
public sealed record PipelineFile(string Path, string Text, string Hash, PipelineDefinition Definition)
{
    /// <summary>
    /// The SHA-256 of a text in lower-case hexadecimal digits (64). Byte order mark, kind of line ends and blank lines at the end do not count, so
    /// that
    /// a checkout on another system is the same version.
    /// </summary>
    public static string HashOf(string text)
    {
        var normalised = WithoutByteOrderMark(text).ReplaceLineEndings("\n").TrimEnd('\n') + "\n";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(normalised)));
    }

    internal static string WithoutByteOrderMark(string text) => text.StartsWith('\uFEFF') ? text[1..] : text;
}
