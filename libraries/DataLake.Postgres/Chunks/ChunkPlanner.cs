using System.Globalization;
using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Statistics;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Chunks;

/// <summary>Cuts what a run reads into chunks that hold every row of it once, whatever the server's statistics say. Those only make the chunks even.</summary>
public static class ChunkPlanner
{
    private const double PageBytes = 8_192;

    // smallint, integer, bigint, real, double precision, numeric. Not oid: compared with it, a negative number turns into a large one.
    private static readonly uint[] NumberTypes = [21, 23, 20, 700, 701, 1700];

    /// <summary>The chunks of a table, or of a window of it, in the order in which they should be read.</summary>
    /// <param name="connection">A connection to the source, to ask for statistics.</param>
    /// <param name="table">The table.</param>
    /// <param name="rule">How it is to be cut.</param>
    /// <param name="range">The window, or null for the whole table.</param>
    /// <param name="connections">How many connections can read at once.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">The rule names a column that the table does not have or that holds no numbers, or its bounds are exchanged; or the server does not answer.</exception>
    public static async Task<IReadOnlyList<Chunk>> PlanAsync(
        SourceConnection connection, SourceTable table, ChunkRule rule, CursorRange? range, int connections, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rule);
        var plan = range is { HasStart: true } ? await ServerPlan.ExplainAsync(connection, $"SELECT * FROM {table.Name.ToSql()} WHERE {range.Predicate}", cancellation) : null;
        var pages = plan is null ? table.AllPages : (double)plan.Rows * plan.Width / PageBytes;
        var parts = rule is ChunkRule.Bounds bounds ? Whole(ByBounds(table, bounds)) : await CutAsync(connection, table, rule, range, plan, pages, connections, cancellation);
        // Other connections would see rows that are kept elsewhere at other instants.
        var cut = (table.IsForeign ? Whole([ChunkPart.Everything]) : parts).ToList();
        // What is kept elsewhere has no pages here.
        long? bytes = plan is null && (table.Kind == 'v' || table.IsForeign) ? null : (long)(pages * PageBytes / cut.Count);
        var rows = (plan is null ? table.Rows : plan.Rows) / cut.Count;
        return
        [
            .. cut.Select((ofChunk, number) => new Chunk(number, [.. ofChunk.Select(part => part with { Predicate = And(range?.Predicate, part.Predicate) })]) { Bytes = bytes, Rows = rows }),
        ];
    }

    private static string And(string? window, string predicate) =>
        window is null ? predicate : predicate == ChunkPart.Everything ? window : $"{window} AND {predicate}";

    private static IEnumerable<IReadOnlyList<ChunkPart>> Whole(IEnumerable<string> predicates) => predicates.Select(predicate => new[] { new ChunkPart(null, predicate) });

    private static async Task<IEnumerable<IReadOnlyList<ChunkPart>>> CutAsync(
        SourceConnection connection, SourceTable table, ChunkRule rule, CursorRange? range, ServerPlan? plan, double pages, int connections, CancellationToken cancellation)
    {
        var sizes = rule is ChunkRule.Count count ? ChunkSizes.Equal(count.Number) : ChunkSizes.Guided(pages, connections);
        if (sizes.Number == 1)
        {
            return Whole([ChunkPart.Everything]);
        }

        // A window that does not start at the beginning is better served by the cursor's index, if it has one.
        if (PageCuts.Fit(table) && table.Pages >= sizes.Number && (plan is null || (plan.ReadsWholeRelation && table.Parts.Count == 1)))
        {
            return PageCuts.Of(table, sizes);
        }

        // Where each chunk may make the server read most of the table, there are no more of them than connections.
        var few = rule is ChunkRule.Automatic && sizes.Number > connections ? ChunkSizes.Equal(connections) : sizes;
        foreach (var column in CutColumns(table, rule, range))
        {
            if (await ColumnDistribution.ReadAsync(connection, table, column, range, cancellation) is { } known
                && known.Cut((known.IsInOrder ? sizes : few).Ends) is { Count: > 0 } cuts && (plan is null || cuts.Count >= few.Number / 2))
            {
                return Whole(ValueCuts.Of(column, cuts));
            }
        }

        return plan is null ? Whole([ChunkPart.Everything]) : Whole(ValueCuts.Of(range!.Column with { Nullable = false }, range.Strides((plan.ReadsWholeRelation ? few : sizes).Number)));
    }

    /// <summary>The columns whose values may place the cuts, best first: an index finds a range of them.</summary>
    private static IEnumerable<SourceTableColumn> CutColumns(SourceTable table, ChunkRule rule, CursorRange? range)
    {
        // A window has no row without a cursor.
        var columns = range is { HasStart: true } ? [range.Column with { Nullable = false }] : table.UniqueKeys.Select(key => table.Find(key[0])!).Distinct();
        return columns.Where(column => !rule.Hidden.Contains(column.Name));
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

        var cuts = Enumerable.Range(1, Math.Max(bounds.Number - 1, 0))
            .Select(i => (long)(bounds.Lower + ((Int128)bounds.Upper - bounds.Lower) * i / bounds.Number))
            .Distinct().Select(cut => cut.ToString(CultureInfo.InvariantCulture)).ToArray();
        return ValueCuts.Of(found, cuts);
    }

    private static string Advice(SourceTable table)
    {
        var names = table.Columns.Where(column => NumberTypes.Contains(column.TypeId)).Select(column => column.Name).Take(5).ToList();
        return names.Count > 0 ? $"Name one of {string.Join(", ", names)} under 'chunks', or write 'chunks: auto'." : "Write 'chunks: auto' in the definition.";
    }
}
