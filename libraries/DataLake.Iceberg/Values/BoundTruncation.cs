using System.Text;
using System.Text.Unicode;

namespace DataLake.Iceberg.Values;

/// <summary>
/// Shortens bounds of text and bytes so that manifests stay small: a lower bound is cut, an upper bound is cut and its last part raised, so that both still
/// hold for every value (<see href="https://iceberg.apache.org/spec/#data-file-fields">Data File Fields</see>, lower_bounds and upper_bounds).
/// </summary>
public static class BoundTruncation
{
    /// <summary>What writers keep when nothing else is asked: 16 code points of a text, 16 bytes of a binary.</summary>
    public const int DefaultLength = 16;

    /// <summary>A lower bound for a text: its first code points. Null when the bytes are not UTF-8.</summary>
    /// <param name="utf8">The least value, in UTF-8.</param>
    /// <param name="codePoints">How many code points to keep.</param>
    public static byte[]? LowerText(ReadOnlySpan<byte> utf8, int codePoints = DefaultLength) => Utf8.IsValid(utf8) ? utf8[..Prefix(utf8, codePoints)].ToArray() : null;

    /// <summary>
    /// An upper bound for a text: the text itself when it is short, else its first code points with the last that can be raised by one raised, and those after it
    /// dropped. Null when none can be raised, or the bytes are not UTF-8.
    /// </summary>
    /// <param name="utf8">The greatest value, in UTF-8.</param>
    /// <param name="codePoints">How many code points to keep.</param>
    public static byte[]? UpperText(ReadOnlySpan<byte> utf8, int codePoints = DefaultLength)
    {
        if (!Utf8.IsValid(utf8)) return null;
        var kept = utf8[..Prefix(utf8, codePoints)];
        if (kept.Length == utf8.Length) return utf8.ToArray();
        while (!kept.IsEmpty)
        {
            Rune.DecodeLastFromUtf8(kept, out var last, out var length);
            kept = kept[..^length];
            if (Next(last) is not { } next) continue;
            var bound = new byte[kept.Length + next.Utf8SequenceLength];
            kept.CopyTo(bound);
            next.EncodeToUtf8(bound.AsSpan(kept.Length));
            return bound;
        }

        return null;
    }

    /// <summary>A lower bound for bytes: the first of them.</summary>
    /// <param name="value">The least value.</param>
    /// <param name="length">How many bytes to keep.</param>
    public static byte[] LowerBytes(ReadOnlySpan<byte> value, int length = DefaultLength) => value[..Math.Min(length, value.Length)].ToArray();

    /// <summary>An upper bound for bytes: the value itself when it is short, else its first bytes, the last that is not 0xFF raised by one. Null when all are 0xFF.</summary>
    /// <param name="value">The greatest value.</param>
    /// <param name="length">How many bytes to keep.</param>
    public static byte[]? UpperBytes(ReadOnlySpan<byte> value, int length = DefaultLength)
    {
        if (value.Length <= length) return value.ToArray();
        var last = value[..length].LastIndexOfAnyExcept((byte)0xFF);
        if (last < 0) return null;
        var bound = value[..(last + 1)].ToArray();
        bound[last]++;
        return bound;
    }

    /// <summary>How many bytes the first code points take.</summary>
    internal static int Prefix(ReadOnlySpan<byte> utf8, int codePoints)
    {
        for (var at = 0; at < utf8.Length; at++)
            if ((utf8[at] & 0xC0) != 0x80 && codePoints-- == 0) return at;
        return utf8.Length;
    }

    private static Rune? Next(Rune rune) => rune.Value switch
    {
        0x10FFFF => null,
        0xD7FF => new Rune(0xE000),
        var value => new Rune(value + 1),
    };
}
