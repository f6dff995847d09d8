using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DataLake.Pipelines.Definitions;

namespace DataLake.Pipelines.Import;

/// <summary>Writes imported tables as a definition that a person will go on with.</summary>
internal static partial class DefinitionWriter
{
    private const int LongestComment = 200;

    public static string Write(IReadOnlyList<ImportedTable> tables, ConfigImportOptions options)
    {
        var yaml = new StringBuilder();
        yaml.Append("# Imported from a config table. Each comment says which job the table comes from.\n");
        Line(yaml, "", "pipeline", options.PipelineName);
        yaml.Append("source:\n");
        Line(yaml, "  ", "connection", options.Connection.ToString());
        Line(yaml, "", "timezone", options.TimeZone.Id);
        yaml.Append("defaults:\n");
        Line(yaml, "  ", "schedule", options.Schedule.Text);
        yaml.Append("tables:\n");
        foreach (var table in tables)
        {
            WriteTable(yaml, table);
        }

        return yaml.ToString();
    }

    private static void WriteTable(StringBuilder yaml, ImportedTable table)
    {
        yaml.Append("  # ").Append(Comment(table.Row)).Append('\n');
        Line(yaml, "  - ", "table", table.Table.ToString());
        if (table.Window is { } window)
        {
            Line(yaml, "    ", "cursor", window.Cursor);
            Line(yaml, "    ", "window", DurationText.Format(window.Stop - window.Start));
            Line(yaml, "    ", "start", StartOf(window.Start));
        }

        if (table.Chunks is { } chunks)
        {
            yaml.Append(CultureInfo.InvariantCulture,
                $"    chunks: {{ column: {Scalar(chunks.Column)}, lower: {chunks.Lower}, upper: {chunks.Upper}, count: {chunks.Chunks} }}\n");
        }
    }

    private static void Line(StringBuilder yaml, string indent, string key, string value) =>
        yaml.Append(indent).Append(key).Append(": ").Append(Scalar(value)).Append('\n');

    private static string StartOf(DateTime start) =>
        start.ToString(start.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-dd'T'HH:mm:ss.FFFFFF", CultureInfo.InvariantCulture);

    private static string Comment(ConfigRow row)
    {
        var parts = new (string Label, ConfigColumn Column)[]
        {
            ("job", ConfigColumn.JobName),
            ("status", ConfigColumn.JobStatus),
            ("output", ConfigColumn.OutputDir),
            ("script", ConfigColumn.ScriptSource),
            ("database", ConfigColumn.DatabaseName),
        };
        return string.Join(", ", parts.Where(part => row[part.Column].Length > 0).Select(part => $"{part.Label} {OneLine(row[part.Column])}"));
    }

    private static string OneLine(string text)
    {
        var plain = new StringBuilder();
        foreach (var rune in text.EnumerateRunes().Take(LongestComment))
        {
            plain.Append(Rune.IsControl(rune) || rune == Rune.ReplacementChar || rune.Value is 0x2028 or 0x2029 or 0xFEFF ? " " : rune.ToString());
        }

        return plain.ToString();
    }

    // Plain where nobody could take it for anything else, else in double quotes, which can say every character (YAML 1.2.2, section 7.3.1).
    private static string Scalar(string text)
    {
        if (Plain().IsMatch(text) && !Reserved().IsMatch(text))
        {
            return text;
        }

        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '"' or '\\' => quoted.Append('\\').Append(rune.ToString()),
                >= ' ' and <= '~' => quoted.Append(rune.ToString()),
                _ when Rune.IsLetterOrDigit(rune) => quoted.Append(rune.ToString()),
                _ => quoted.Append(CultureInfo.InvariantCulture, $"\\U{rune.Value:X8}"),
            };
        }

        return quoted.Append('"').ToString();
    }

    [GeneratedRegex(@"^(?:[A-Za-z_][A-Za-z0-9_./]*|(?:env|file|ssm|secretsmanager):[A-Za-z0-9_./-]+|rate\([0-9]+ [a-z]+\)|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+)?|(?:[0-9]+[dhms])+)\z")]
    private static partial Regex Plain();

    [GeneratedRegex(@"^(?:null|true|false|yes|no|on|off|y|n)\z", RegexOptions.IgnoreCase)]
    private static partial Regex Reserved();
}
