using System.Globalization;
using DataLake.Contracts;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Chunks;

/// <summary>Cuts what a run reads into chunks that hold every row of it once.</summary>
public static class ChunkPlanner
{
    /// <summary>Below this many pages (64 MiB) a second connection costs more than it brings.</summary>
    private const long PagesWorthAChunk = 8_192;

    private const int FirstVersionWithTidRangeScan = 140_000;

    // smallint, integer, bigint, real, double precision, numeric. Not oid: compared with it, a negative number turns into a large one.
    private static readonly uint[] NumberTypes = [21, 23, 20, 700, 701, 1700];

    /// <summary>The chunks of a table, or of a window of it.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rule">How it is to be cut.</param>
    /// <param name="range">The window, or null for the whole table.</param>
    /// <param name="connections">How many connections can read at once.</param>
    /// <exception cref="SourceException">The rule names a column that the table does not have or that holds no numbers, or its bounds are exchanged.</exception>
    public static IReadOnlyList<Chunk> Plan(SourceTable table, ChunkRule rule, CursorRange? range, int connections)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rule);
        var cuts = rule switch
        {
            ChunkRule.Bounds bounds => ByBounds(table, bounds),
            ChunkRule.Count count => Cut(table, range, count.Number),
            _ => Cut(table, range, (int)Math.Clamp(table.Pages / PagesWorthAChunk, 1, connections)),
        };
        return [.. cuts.Select((predicate, number) => new Chunk(number, And(range?.Predicate, predicate)))];
    }

    private static string And(string? window, string predicate) =>
        window is null ? predicate : predicate == Chunk.Everything ? window : $"{window} AND {predicate}";

    private static IEnumerable<string> Cut(SourceTable table, CursorRange? range, int number)
    {
        if (number <= 1)
        {
            return [Chunk.Everything];
        }

        // The pages of a table are its rows' places: ranges of them are even, and every row is in one at any snapshot.
        // A window that does not start at the beginning is better served by the cursor's index.
        var byPages = range is null or { HasStart: false };
        if (byPages && table.Kind is 'r' or 'm' && table.ServerVersion >= FirstVersionWithTidRangeScan && table.Pages >= number)
        {
            return ByPages(table.Pages, number);
        }

        return range is { HasStart: true } ? range.Split(number) : [Chunk.Everything];
    }

    private static IEnumerable<string> ByPages(long pages, int number)
    {
        for (var i = 0; i < number; i++)
        {
            var first = pages * i / number;
            var next = pages * (i + 1) / number;
            // The last has no end: the table may have grown since it was last measured.
            yield return i == number - 1
                ? string.Create(CultureInfo.InvariantCulture, $"ctid >= '({first},0)'::tid")
                : string.Create(CultureInfo.InvariantCulture, $"ctid >= '({first},0)'::tid AND ctid < '({next},0)'::tid");
        }
    }

    private static IEnumerable<string> ByBounds(SourceTable table, ChunkRule.Bounds bounds)
    {
        var found = table.Find(bounds.Column) ?? throw new SourceException(SourceErrorKind.Missing,
            $"{table.Name} has no column {bounds.Column} to cut it into chunks by. {Advice(table)}");
        if (!NumberTypes.Contains(found.TypeId))
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"The column {bounds.Column} of {table.Name}, which is to cut it into chunks, is of type {found.Type}, not a number. {Advice(table)}");
        }

        if (bounds.Lower > bounds.Upper)
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"The lower bound {bounds.Lower} of the chunks of {table.Name} is above the upper bound {bounds.Upper}. Exchange the two in the definition.");
        }

        if (bounds.Number <= 1)
        {
            return [Chunk.Everything];
        }

        var column = TableName.Quote(bounds.Column);
        var cuts = Enumerable.Range(1, bounds.Number - 1)
            .Select(i => (long)(bounds.Lower + ((Int128)bounds.Upper - bounds.Lower) * i / bounds.Number))
            .Distinct().Select(cut => cut.ToString(CultureInfo.InvariantCulture)).ToArray();
        return cuts.Length == 0 ? [Chunk.Everything] :
        [
            $"({column} < {cuts[0]} OR {column} IS NULL)",
            .. cuts.Zip(cuts.Skip(1), (from, to) => $"{column} >= {from} AND {column} < {to}"),
            $"{column} >= {cuts[^1]}",
        ];
    }

    private static string Advice(SourceTable table)
    {
        var names = table.Columns.Where(column => NumberTypes.Contains(column.TypeId)).Select(column => column.Name).Take(5).ToList();
        return names.Count > 0 ? $"Name one of {string.Join(", ", names)} under 'chunks', or write 'chunks: auto'." : "Write 'chunks: auto' in the definition.";
    }
}
