using System.Globalization;
using System.Text.RegularExpressions;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>How definitions write partitions and sort orders.</summary>
internal static partial class LayoutValues
{
    private const int MostBuckets = 100_000;
    private const int LongestTruncation = 1_000_000_000;

    // In double quotes, as in SQL, where the name is no plain word.
    private const string Column = """(?:"(?:[^"]|"")+"|[^\s(),"]+)""";

    private const string PartitionPattern = $@"^(?:{Column}|(?:year|month|day|hour)\( *{Column} *\)|(?:bucket|truncate)\( *[0-9]{{1,9}} *, *{Column} *\))$";

    private const string SortPattern = $@"^{Column}(?: +(?:[aA][sS][cC]|[dD][eE][sS][cC]))?(?: +[nN][uU][lL][lL][sS] +(?:[fF][iI][rR][sS][tT]|[lL][aA][sS][tT]))?$";

    private static readonly HashSet<string> Calendar = ["year", "month", "day", "hour"];

    private static readonly Shape<PartitionColumn> Partition = new TextShape<PartitionColumn>(
        "a column, year(column), month(column), day(column), hour(column), \"bucket(16, column)\" or \"truncate(4, column)\" (in quotes, because of the comma)", ReadPartition, PartitionPattern);

    private static readonly Shape<SortColumn> Sort = new TextShape<SortColumn>("a column, and perhaps asc or desc, and nulls first or nulls last", ReadSort, SortPattern);

    /// <summary>What rows are divided by.</summary>
    public static readonly Shape<IReadOnlyList<Placed<PartitionColumn>>> Partitions = new ListShape<PartitionColumn>(
        "a list of columns, or of what of them divides the rows, such as day(created_at)", Partition, isSet: true).Then(RefuseTwice);

    /// <summary>What rows are sorted by.</summary>
    public static readonly Shape<IReadOnlyList<Placed<SortColumn>>> Sorts = new ListShape<SortColumn>("a list of columns, each perhaps with desc", Sort, isSet: true).Then(RefuseTwice);

    private static IReadOnlyList<Placed<PartitionColumn>> RefuseTwice(IReadOnlyList<Placed<PartitionColumn>> items, YamlNode node, ProblemList problems)
    {
        foreach (var (item, at) in items.Skip(1))
        {
            // A day lies in one month: the coarser one of the two divides nothing.
            if (Calendar.Contains(item.Transform) && items.First(other => Calendar.Contains(other.Value.Transform) && other.Value.Column == item.Column).Value is { } first && first != item)
            {
                problems.Add(at, $"{first.Transform} and {item.Transform} of column {Shown.Value(item.Column)} divide rows by the same time; keep one of them");
            }
        }

        return items;
    }

    private static IReadOnlyList<Placed<SortColumn>> RefuseTwice(IReadOnlyList<Placed<SortColumn>> items, YamlNode node, ProblemList problems)
    {
        foreach (var (item, at) in items.Where((item, place) => items.Take(place).Any(before => before.Value.Column == item.Value.Column && before.Value != item.Value)))
        {
            problems.Add(at, $"rows are sorted by column {Shown.Value(item.Column)} already; keep one");
        }

        return items;
    }

    private static PartitionColumn? ReadPartition(string text, out string? error)
    {
        error = null;
        if (Call().Match(text) is not { Success: true } call)
        {
            return new PartitionColumn(Name(text), "identity");
        }

        var transform = call.Groups["transform"].Value;
        var column = Name(call.Groups["column"].Value);
        if (!call.Groups["number"].Success)
        {
            return new PartitionColumn(column, transform);
        }

        var number = int.Parse(call.Groups["number"].ValueSpan, CultureInfo.InvariantCulture);
        var most = transform == "bucket" ? MostBuckets : LongestTruncation;
        error = number >= 1 && number <= most ? null : string.Create(CultureInfo.InvariantCulture, $"is out of range; write {transform} with a number from 1 to {most}");
        return new PartitionColumn(column, string.Create(CultureInfo.InvariantCulture, $"{transform}[{number}]"));
    }

    private static SortColumn? ReadSort(string text, out string? error)
    {
        error = null;
        var sort = Order().Match(text);
        var isDescending = sort.Groups["direction"].Value.Equals("desc", StringComparison.OrdinalIgnoreCase);

        // Where nothing is said, nulls are the least: first upwards and last downwards, as in Iceberg's own engines.
        return new SortColumn(
            Name(sort.Groups["column"].Value), isDescending, sort.Groups["nulls"].Success ? sort.Groups["nulls"].Value.Equals("first", StringComparison.OrdinalIgnoreCase) : !isDescending);
    }

    private static string Name(string column) => column[0] == '"' ? column[1..^1].Replace("\"\"", "\"", StringComparison.Ordinal) : column;

    [GeneratedRegex(@"^(?<transform>[a-z]+)\( *(?:(?<number>[0-9]+) *, *)?(?<column>.+?) *\)$", RegexOptions.CultureInvariant)]
    private static partial Regex Call();

    [GeneratedRegex($@"^(?<column>{Column})(?: +(?<direction>asc|desc))?(?: +nulls +(?<nulls>first|last))?$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Order();
}
