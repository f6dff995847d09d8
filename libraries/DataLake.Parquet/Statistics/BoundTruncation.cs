using System.Text.Unicode;

namespace DataLake.Parquet.Statistics;

/// <summary>Shortens bounds so that they stay bounds, and text stays text
/// (<see href="https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift"/>, min_value and max_value).</summary>
internal static class BoundTruncation
{
    /// <summary>A lower bound out of the first bytes of a longer value.</summary>
    public static byte[] Lower(ReadOnlySpan<byte> prefix, bool isText) => (isText ? WholeCharacters(prefix) : prefix).ToArray();

    /// <summary>An upper bound out of the first bytes of a longer value: the last byte (or character) that can grow, grown by one. Null if none can.</summary>
    public static byte[]? Upper(ReadOnlySpan<byte> prefix, bool isText)
    {
        if (isText && WholeCharacters(prefix) is var text && Utf8.IsValid(text)) return NextText(text);
        for (var i = prefix.Length - 1; i >= 0; i--)
        {
            if (prefix[i] == 0xFF) continue;
            var bound = prefix[..(i + 1)].ToArray();
            bound[i]++;
            return bound;
        }

        return null;
    }

    private static byte[]? NextText(ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            System.Text.Rune.DecodeLastFromUtf8(text, out var last, out var size);
            text = text[..^size];
            if (last.Value == 0x10FFFF) continue;

            // U+D800..U+DFFF are no characters; UTF-8 orders as code points do.
            var next = new System.Text.Rune(last.Value == 0xD7FF ? 0xE000 : last.Value + 1);
            var bound = new byte[text.Length + next.Utf8SequenceLength];
            text.CopyTo(bound);
            next.EncodeToUtf8(bound.AsSpan(text.Length));
            return bound;
        }

        return null;
    }

    /// <summary>Drops the start of a character that was cut in two.</summary>
    private static ReadOnlySpan<byte> WholeCharacters(ReadOnlySpan<byte> text)
    {
        for (var back = 1; back <= 3 && back <= text.Length; back++)
        {
            var lead = text[^back];
            if ((lead & 0xC0) == 0x80) continue;
            var size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
            return size > back ? text[..^back] : text;
        }

        return text;
    }
}
