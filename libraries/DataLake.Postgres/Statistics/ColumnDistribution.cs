using System.Globalization;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Cursors;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Statistics;

/// <summary>
/// Where the values of a column lie, as the planner's statistics have it (<see href="https://www.postgresql.org/docs/current/view-pg-stats.html">pg_stats</see>: most common values and
/// histogram bounds), over all relations that hold the table's rows. They may be old: they say where to cut, never what is there.
/// </summary>
internal sealed class ColumnDistribution
{
    /// <summary>How far rows must lie in the order of their values, from 0 (not at all) to 1, for a range of values to be read without most of the table's pages.</summary>
    private const double InOrder = 0.5;

    // Types whose values, as the server writes them, it reads back the same and orders fully. Not oid: compared with it, a negative number turns into a large one.
    private static readonly Dictionary<uint, string> TypeNames = new()
    {
        [21] = "int2", [23] = "int4", [20] = "int8", [1700] = "numeric", [700] = "float4", [701] = "float8", [2950] = "uuid", [1082] = "date", [1114] = "timestamp", [1184] = "timestamptz",
        [25] = "text", [1043] = "varchar", [1042] = "bpchar",
    };

    private static readonly uint[] Texts = [25, 1043, 1042];

    private readonly IReadOnlyList<(string Literal, double RowsBefore)> places;
    private readonly double rows;

    private ColumnDistribution(SourceTableColumn column, IReadOnlyList<(string Literal, double RowsBefore)> places, double rows, double correlation)
    {
        Column = column;
        this.places = places;
        this.rows = rows;
        IsInOrder = correlation >= InOrder;
    }

    /// <summary>The column.</summary>
    public SourceTableColumn Column { get; }

    /// <summary>Whether rows of near values are near in the table.</summary>
    public bool IsInOrder { get; }

    /// <summary>Reads the statistics of a column.</summary>
    /// <returns>Null where the server has none, does not show them, or they know no value in the range.</returns>
    public static async Task<ColumnDistribution?> ReadAsync(SourceConnection connection, SourceTable table, SourceTableColumn column, CursorRange? range, CancellationToken cancellation)
    {
        if (!TypeNames.TryGetValue(column.TypeId, out var type))
        {
            return null;
        }

        var what = $"looking up the statistics of {table.Name}";
        string?[] names = [table.Relation.ToString(CultureInfo.InvariantCulture), column.Name];
        // The order of text is the column's own.
        var collation = !Texts.Contains(column.TypeId) ? "" : (await connection.QueryAsync(
            """
            SELECT format('COLLATE %I.%I', n.nspname, c.collname)
            FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation JOIN pg_namespace n ON n.oid = c.collnamespace
            WHERE a.attrelid = $1::oid AND a.attname = $2
            """, names, what, cancellation))[0][0];
        var within = range?.Column.Name == column.Name ? $"v < {range.To}{(range.HasStart ? $" AND v > {range.From}" : "")}" : "TRUE";
        var found = await connection.QueryAsync(Query(type, collation, within), names, what, cancellation);
        return found.Count == 0 ? null : new ColumnDistribution(
            column, [.. found.Select(row => ($"{row[0]}::{type}", Number(row[1])))], Number(found[0][2]), Number(found[0][3]));
    }

    /// <summary>The values that come nearest to cutting the rows into such shares, ascending: one fewer than shares, or less where single values hold more than a share.</summary>
    /// <param name="ends">Where the shares end; the last is the whole.</param>
    public IReadOnlyList<string> Cut(IReadOnlyList<double> ends)
    {
        var cuts = new List<string>();
        var last = 0;
        foreach (var end in ends.SkipLast(1))
        {
            var target = end / ends[^1] * rows;
            var nearest = last;
            while (nearest + 1 < places.Count && Math.Abs(places[nearest + 1].RowsBefore - target) <= Math.Abs(places[nearest].RowsBefore - target))
            {
                nearest++;
            }

            if (nearest > last)
            {
                cuts.Add(places[nearest].Literal);
                last = nearest;
            }
        }

        return cuts;
    }

    // A value's weight are the rows from it up to the next: its own where it is a common one, and those of the histogram's bucket that it begins.
    // The statistics of the relations that hold the rows are kept up by autovacuum; those of a partitioned table as a whole only by hand, and serve where the others are not shown.
    private static string Query(string type, string? collation, string within) =>
        $"""
        WITH RECURSIVE tree AS (
            SELECT $1::oid AS relation
            UNION
            SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relation),
        shown AS (
            SELECT greatest(c.reltuples, 1)::float8 AS rows, s.inherited, s.null_frac, abs(coalesce(s.correlation, 1)) AS correlation,
                   s.most_common_vals::text::{type}[] AS common, s.most_common_freqs AS shares, s.histogram_bounds::text::{type}[] AS bounds
            FROM tree t JOIN pg_class c ON c.oid = t.relation JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = $2
            WHERE NOT s.inherited OR c.oid = $1::oid),
        known AS (
            SELECT *, rows * greatest(1 - null_frac - coalesce((SELECT sum(share) FROM unnest(shares) share), 0), 0) AS others
            FROM shown WHERE inherited = (SELECT bool_and(inherited) FROM shown)),
        points AS (
            SELECT v {collation} AS v, rows * share AS weight FROM known, unnest(common, shares) AS p(v, share)
            UNION ALL
            SELECT v {collation}, CASE WHEN place < cardinality(bounds) THEN others / (cardinality(bounds) - 1) ELSE 0 END
            FROM known, unnest(bounds) WITH ORDINALITY AS p(v, place)),
        weighed AS (SELECT v, sum(weight) AS weight FROM points WHERE {within} GROUP BY v),
        placed AS (
            SELECT v, sum(weight) OVER (ORDER BY v) - weight AS before, sum(weight) OVER () AS total, row_number() OVER (ORDER BY v) AS place, count(*) OVER () AS places
            FROM weighed)
        SELECT quote_literal(v::text), before, total, (SELECT sum(rows * correlation) / sum(rows) FROM known)
        FROM placed WHERE place % greatest(places / 1000, 1) = 0 ORDER BY v
        """;

    private static double Number(string? text) => double.Parse(text!, CultureInfo.InvariantCulture);
}
