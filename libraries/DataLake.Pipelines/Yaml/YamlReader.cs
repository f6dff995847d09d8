using System.Diagnostics.CodeAnalysis;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace DataLake.Pipelines.Yaml;

/// <summary>Reads the plain part of YAML that definitions are written in. See the README in this folder.</summary>
internal sealed class YamlReader
{
    /// <summary>The longest text that is read; definitions are a few kilobytes.</summary>
    public const int LongestText = 1 << 20;

    private const int Deepest = 16;
    private readonly Parser parser;
    private readonly ProblemList problems;
    private Position last = new(1, 1);

    private YamlReader(string text, ProblemList problems)
    {
        parser = new Parser(new StringReader(text));
        this.problems = problems;
    }

    /// <summary>Reads the one document of a file; null where it cannot be read, with the reason among the problems.</summary>
    public static YamlNode? Read(string text, ProblemList problems)
    {
        if (text.Length > LongestText)
        {
            problems.Add(
                new Position(1, 1), $"the file has more than {LongestText / 1024} KiB; that is no pipeline definition. Split it into several pipelines");
            return null;
        }

        return IsText(text, problems) ? new YamlReader(text, problems).ReadDocument() : null;
    }

    private static bool IsText(string text, ProblemList problems)
    {
        int line = 1, column = 1;
        foreach (var character in text)
        {
            if (char.IsControl(character) && character is not ('\n' or '\r' or '\t' or '\u0085'))
            {
                problems.Add(
                    new Position(line, column), $"the character U+{(int)character:X4} is not allowed here; save the file as plain UTF-8 text");
                return false;
            }

            (line, column) = character == '\n' ? (line + 1, 1) : (line, column + 1);
        }

        return true;
    }

    private YamlNode? ReadDocument()
    {
        try
        {
            Next<StreamStart>();
            if (parser.Current is StreamEnd || !Is<DocumentStart>())
            {
                problems.Add(new Position(1, 1), "the file is empty; begin with 'pipeline: <name>'");
                return null;
            }

            Next<DocumentStart>();
            var root = ReadNode(1);
            Next<DocumentEnd>();
            if (Is<DocumentStart>())
            {
                problems.Add(At(parser.Current!.Start), "a second document ('---') begins here; write one pipeline to a file");
            }

            return root;
        }
        catch (TooDeepException)
        {
            problems.Add(last, $"values are nested more than {Deepest} deep; a pipeline definition needs less");
        }
        catch (YamlException error)
        {
            problems.Add(At(error.Start), $"this is not YAML: {Advice(error.Message)}");
        }
        catch (ArgumentException)
        {
            // What YamlDotNet's parser does with a tag that is no URI.
            problems.Add(last,
                "this is not YAML: somewhere from here on there is a tag (!name) that is not one; a text that begins with ! needs quotes");
        }
        catch (InvalidOperationException)
        {
            // What YamlDotNet's parser does when the text ends inside [ or {.
            problems.Add(last, "this is not YAML: a bracket [ or { is opened here or before and never closed");
        }

        return null;
    }

    private YamlNode ReadNode(int depth)
    {
        var current = parser.Current!;
        last = At(current.Start);
        RefuseAnchorsAndTags(current);
        switch (current)
        {
            case Scalar scalar:
                parser.MoveNext();
                return new YamlScalar(last, scalar.Value, scalar.Style == ScalarStyle.Plain);
            case AnchorAlias:
                problems.Add(last, "a value that begins with * is an alias in YAML, and aliases are not read here; "
                    + "if it is a cron, put it in quotes (\"*/5 * * * *\"), else write the value out, or use 'defaults'");
                parser.MoveNext();
                return new YamlUnusable(last);
            case SequenceStart when depth < Deepest:
                return ReadList(last, depth);
            case MappingStart when depth < Deepest:
                return ReadMap(last, depth);
            default:
                throw new TooDeepException();
        }
    }

    private YamlList ReadList(Position at, int depth)
    {
        Next<SequenceStart>();
        var items = new List<YamlNode>();
        while (!Is<SequenceEnd>())
        {
            items.Add(ReadNode(depth + 1));
        }

        Next<SequenceEnd>();
        return new YamlList(at, items);
    }

    private YamlMap ReadMap(Position at, int depth)
    {
        Next<MappingStart>();
        var entries = new List<YamlEntry>();
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!Is<MappingEnd>())
        {
            var key = ReadNode(depth + 1);
            var value = ReadNode(depth + 1);
            if (key is not YamlScalar name)
            {
                if (key is not YamlUnusable)
                {
                    problems.Add(key.At, "a key is a word; this one is a list or a mapping");
                }
            }
            else if (name is { IsPlain: true, Value: "<<" })
            {
                problems.Add(name.At, "merge keys (<<) are not read here; use 'defaults' for what tables share");
            }
            else if (lines.TryGetValue(name.Value, out var line))
            {
                problems.Add(name.At, () => $"key {Shown.Key(name.Value)} stands here a second time (first on line {line}); keep one");
            }
            else
            {
                lines.Add(name.Value, name.At.Line);
                entries.Add(new YamlEntry(name, value));
            }
        }

        Next<MappingEnd>();
        return new YamlMap(at, entries);
    }

    private void RefuseAnchorsAndTags(ParsingEvent current)
    {
        if (current is not NodeEvent node)
        {
            return;
        }

        if (!node.Anchor.IsEmpty)
        {
            problems.Add(At(node.Start), "anchors (&name) are not read here; write the value out where it is needed, or use 'defaults'. "
                + "A text that begins with & needs quotes");
        }

        if (!node.Tag.IsEmpty)
        {
            problems.Add(At(node.Start), "tags (!name) are not read here; a text that begins with ! needs quotes");
        }
    }

    private bool Is<T>()
        where T : ParsingEvent
    {
        if (parser.Current is null)
        {
            parser.MoveNext();
        }

        return parser.Current is T;
    }

    private void Next<T>()
        where T : ParsingEvent
    {
        if (!Is<T>())
        {
            throw new InvalidOperationException($"Expected {typeof(T).Name}.");
        }

        parser.MoveNext();
    }

    private static string Advice(string message)
    {
        var advice = message.Contains("invalid mapping", StringComparison.Ordinal) ? "; a text with ': ' in it needs quotes, and keys of one mapping stand in one column"
            : message.Contains("cannot start any token", StringComparison.Ordinal) ? "; a text that begins with @, `, % or a tab needs quotes"
            : message.Contains("expected key", StringComparison.Ordinal) ? "; keys of one mapping stand in one column"
            : "";
        return char.ToLowerInvariant(message[0]) + message[1..].TrimEnd('.') + advice;
    }

    private static Position At(in Mark mark) => new((int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column));

    [SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "Never leaves this class.")]
    private sealed class TooDeepException : Exception;
}
