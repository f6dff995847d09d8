using System.Text.RegularExpressions;
using CsvHelper;

namespace DataLake.Pipelines.Import;

/// <summary>
/// Divides a config table into rows: comma-separated, or a pipe table as Markdown has it. Headers, separators and blank lines are left out.
/// </summary>
internal static partial class ConfigRows
{
    public static List<ConfigRow> Read(string text, List<ConfigImportProblem> problems)
    {
        var firstLine = text.Split('\n').FirstOrDefault(line => !string.IsNullOrWhiteSpace(line)) ?? "";
        var rows = firstLine.Count(character =>
            character == '|') > firstLine.Count(character => character == ',') ? ReadPipes(text) : ReadCommas(text, problems);
        var good = new List<ConfigRow>();
        foreach (var row in rows)
        {
            if (row.Fields.Count > 0 && IsName(row.Fields[0], 0))
            {
                CheckHeader(row, problems);
            }
            else if (row.Fields.Count == ConfigRow.Header.Count)
            {
                good.Add(row);
            }
            else
            {
                problems.Add(new ConfigImportProblem(row.Line,
                    $"this row has {row.Fields.Count} columns; write {ConfigRow.Header.Count}: {string.Join(", ", ConfigRow.Header)}"));
            }
        }

        return good;
    }

    private static void CheckHeader(ConfigRow row, List<ConfigImportProblem> problems)
    {
        if (row.Fields.Count != ConfigRow.Header.Count || row.Fields.Where((field, index) => !IsName(field, index)).Any())
        {
            problems.Add(
                new ConfigImportProblem(row.Line, $"the columns of this header are not in the expected order: {string.Join(", ", ConfigRow.Header)}"));
        }
    }

    private static bool IsName(string field, int index) =>
        field.Replace(' ', '_').Equals(ConfigRow.Header[index], StringComparison.OrdinalIgnoreCase);

    private static List<ConfigRow> ReadCommas(string text, List<ConfigImportProblem> problems)
    {
        var rows = new List<ConfigRow>();
        var unbalanced = new HashSet<long>();
        using var reader = CsvReader.FromText(text, new CsvReaderOptions
        {
            Separator = ',',
            HasHeader = false,
            TrimWhitespace = true,
            AllowLineBreaksInQuotes = false,
            TrackLineNumbers = true,

            // A quote within a plain field is only a character.
            OnMalformedRecord = found => _ = found.Reason == CsvMalformedReason.StrayQuote || unbalanced.Add(found.LineNumber),
        });
        while (reader.Read())
        {
            var fields = reader.Current.ToArray();
            var line = (int)reader.LineNumber;
            if (unbalanced.Contains(line))
            {
                problems.Add(
                    new ConfigImportProblem(line, "the quotes of this row do not match; a quoted field ends on its line, and a quote in it is written twice"));
            }
            else if (!fields.All(string.IsNullOrWhiteSpace))
            {
                rows.Add(new ConfigRow(line, [.. fields.Select(field => field.Trim())]));
            }
        }

        return rows;
    }

    private static List<ConfigRow> ReadPipes(string text)
    {
        var rows = new List<ConfigRow>();
        var lines = text.Split('\n');
        for (var index = 0; index < lines.Length; index++)
        {
            var line = lines[index].Trim();
            if (line.Length == 0 || Separator().IsMatch(line))
            {
                continue;
            }

            var cells = UnescapedPipe().Split(line).Select(cell => cell.Trim().Replace("\\|", "|", StringComparison.Ordinal)).ToList();
            if (line.StartsWith('|'))
            {
                cells.RemoveAt(0);
            }

            if (line.EndsWith('|') && cells.Count > ConfigRow.Header.Count && cells[^1].Length == 0)
            {
                cells.RemoveAt(cells.Count - 1);
            }

            rows.Add(new ConfigRow(index + 1, cells));
        }

        return rows;
    }

    [GeneratedRegex(@"^\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?\s*)?$", RegexOptions.NonBacktracking)]
    private static partial Regex Separator();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex UnescapedPipe();
}
