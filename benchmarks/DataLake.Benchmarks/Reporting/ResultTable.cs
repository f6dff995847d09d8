using System.Globalization;
using System.Text.Json.Nodes;

namespace DataLake.Benchmarks.Reporting;

/// <summary>A table of results: printed as Markdown row by row, so that a long benchmark shows what it has, and kept for the file that programs read.</summary>
internal sealed class ResultTable
{
    private readonly IReadOnlyList<Column> columns;
    private readonly Action<string> print;

    internal ResultTable(IReadOnlyList<Column> columns, Action<string> print)
    {
        this.columns = columns;
        this.print = print;
        print("");
        print($"| {string.Join(" | ", columns.Select(column => column.Header))} |");
        print($"|{string.Concat(columns.Select(_ => "---|"))}");
    }

    /// <summary>The rows, one object each, for programs.</summary>
    public JsonArray Rows { get; } = [];

    /// <summary>Adds a row: texts, whole numbers, numbers, or null where there is nothing to say.</summary>
    public void Add(params IReadOnlyList<object?> values)
    {
        print($"| {string.Join(" | ", values.Zip(columns, Text))} |");
        Rows.Add(new JsonObject(columns.Zip(values, (column, value) => KeyValuePair.Create(column.Key, Node(value)))));
    }

    private static string Text(object? value, Column column) => value switch
    {
        null => "",
        IFormattable number => number.ToString(column.Format, CultureInfo.InvariantCulture),
        _ => value.ToString()!.Replace("|", "\\|", StringComparison.Ordinal),
    };

    private static JsonNode? Node(object? value) => value switch
    {
        null => null,
        double number => JsonValue.Create(number),
        long number => JsonValue.Create(number),
        int number => JsonValue.Create(number),
        _ => JsonValue.Create(value.ToString()),
    };
}
