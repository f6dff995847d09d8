using System.Globalization;
using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Wire;

namespace DataLake.Postgres.Tables;

/// <summary>Reads what a source's catalog says of a table.</summary>
public static class TableInspector
{
    /// <summary>Describes a table.</summary>
    /// <param name="connection">An open connection; its snapshot, if it has one, is what the description belongs to, and its transaction holds the table from here on.</param>
    /// <param name="name">The table.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="SourceException">The table is not there (near names are told), or may not be read.</exception>
    public static async Task<SourceTable> InspectAsync(SourceConnection connection, TableName name, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(name);
        try
        {
            return await connection.RunAsync(wire => Inspect(wire, name), $"looking up {name}", cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, $"looking up {name}");
        }
    }

    /// <summary>Makes the transaction of another connection of the same snapshot hold the table too, so that the rows stay where they are when the first connection is lost.</summary>
    /// <exception cref="SourceException">The table was emptied or rewritten since the snapshot, or may not be read.</exception>
    public static Task HoldAsync(SourceConnection connection, SourceTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(table);
        return connection.RunAsync(wire => Hold(wire, table.Name, table.Relation, wire.QueryAll(Lock(table.Name), PartsOf(table.Relation))[1]), $"looking up {table.Name}", cancellation);
    }

    private static SourceTable Inspect(WireConnection wire, TableName name)
    {
        var (relation, kind, version) = Find(wire, name);
        var answers = wire.QueryAll(Lock(name), PartsOf(relation), ColumnsOf(relation), UniqueKeysOf(relation));
        var parts = Hold(wire, name, relation, answers[1]);
        var columns = Columns(answers[2]);
        var keys = UniqueKeys(answers[3]);
        var required = columns.Where(column => !column.Nullable).Select(column => column.Name).ToHashSet();
        return new SourceTable(name, relation, kind, parts, version, columns, [.. keys.Where(key => key.All(required.Contains))]);
    }

    private static (long Relation, char Kind, int Version) Find(WireConnection wire, TableName name)
    {
        var rows = wire.Query(
            """
            SELECT c.oid::bigint, c.relkind, current_setting('server_version_num')::int,
                   has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """, name.Schema, name.Name);
        if (rows is [var found])
        {
            return found[3] == "t"
                ? (Number(found[0]), found[1]![0], (int)Number(found[2]))
                : throw new SourceException(SourceErrorKind.Denied,
                    $"The source's user may not read {name}. Run: GRANT USAGE ON SCHEMA {TableName.Quote(name.Schema)} TO <user>; GRANT SELECT ON {name.ToSql()} TO <user>;");
        }

        var near = Near(wire, name);
        throw new SourceException(SourceErrorKind.Missing,
            $"The source has no table {name}{(near.Count > 0 ? $"; it has {string.Join(", ", near)}" : "")}. Correct the name in the definition (case counts), or create the table.");
    }

    /// <summary>
    /// Locks the table against being emptied or rewritten until the transaction ends: TRUNCATE and ALTER TABLE leave older snapshots an empty table
    /// (<see href="https://www.postgresql.org/docs/current/mvcc-caveats.html">MVCC caveats</see>).
    /// </summary>
    private static Statement Lock(TableName name) => new($"SELECT FROM {name.ToSql()} LIMIT 0");

    /// <summary>Makes sure that a table which is locked has not been emptied or rewritten since the snapshot, and holds its parts too.</summary>
    /// <param name="wire">The connection.</param>
    /// <param name="name">The table.</param>
    /// <param name="relation">Its number.</param>
    /// <param name="found">What <see cref="PartsOf"/> gave.</param>
    /// <returns>The relations that held the table's rows when the snapshot was taken.</returns>
    private static IReadOnlyList<SourcePart> Hold(WireConnection wire, TableName name, long relation, IReadOnlyList<string?[]> found)
    {
        var parts = Parts(name, found);
        if (parts.Count > 1 && parts.All(part => part.CanRead))
        {
            // A partition of the snapshot that was detached before the table was locked: it is read by its own name.
            Parts(name, wire.QueryAll([.. parts.Select(part => new Statement($"SELECT FROM ONLY {part.Name.ToSql()} LIMIT 0")), PartsOf(relation)])[^1]);
        }

        return parts;
    }

    /// <summary>The relations that hold a table's rows. pg_class is read in the snapshot, pg_relation_filenode as it is now. A table may inherit from another in more than one way.</summary>
    private static Statement PartsOf(long relation) => new(
        """
        WITH RECURSIVE tree AS (
            SELECT $1::oid AS relation
            UNION
            SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relation)
        SELECT n.nspname, c.relname, c.relkind, coalesce(pg_relation_size(c.oid) / current_setting('block_size')::int, 0),
               c.reltuples::float8 / nullif(c.relpages, 0) * pg_relation_size(c.oid) / current_setting('block_size')::int,
               coalesce((pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)) / current_setting('block_size')::int, 0),
               has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
               c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
        FROM pg_class c JOIN tree t ON t.relation = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'm', 'f')
        ORDER BY c.oid <> $1::oid, n.nspname, c.relname
        """, Text(relation));

    /// <exception cref="SourceException">One was emptied, rewritten or dropped since the snapshot.</exception>
    private static IReadOnlyList<SourcePart> Parts(TableName name, IReadOnlyList<string?[]> rows) =>
        rows.All(row => row[7] != "t")
            ? [.. rows.Select(row => new SourcePart(
                new TableName(row[0]!, row[1]!), row[2]![0], Number(row[3]), Number(row[5]), row[4] is { } many ? double.Parse(many, CultureInfo.InvariantCulture) : null, row[6] == "t"))]
            : throw new SourceException(SourceErrorKind.Query,
                $"{name} was truncated or rewritten (TRUNCATE, ALTER TABLE, REFRESH MATERIALIZED VIEW ...) while its snapshot was taken, which hides its rows from the snapshot. Nothing is kept; the run is tried again.");

    private static List<string> Near(WireConnection wire, TableName name)
    {
        var rows = wire.Query(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
              AND (lower(c.relname) = lower($2) OR (n.nspname = $1 AND left(lower(c.relname), 3) = left(lower($2), 3)))
            ORDER BY lower(c.relname) = lower($2) DESC, c.relname LIMIT 3
            """, name.Schema, name.Name);
        return [.. rows.Select(row => new TableName(row[0]!, row[1]!).ToString())];
    }

    private static Statement ColumnsOf(long relation) => new(
        """
        WITH RECURSIVE types AS (
            SELECT a.attnum, t.oid, t.typtype, t.typbasetype, t.typtypmod, a.atttypmod AS modifier
            FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT d.attnum, t.oid, t.typtype, t.typbasetype, t.typtypmod, d.typtypmod
            FROM types d JOIN pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd')
        SELECT a.attname, a.attnum::int, format_type(a.atttypid, a.atttypmod), b.oid, b.modifier,
               -- As of PostgreSQL 18, NOT NULL may hold for new rows only.
               NOT a.attnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey))
        FROM pg_attribute a JOIN types b ON b.attnum = a.attnum AND b.typtype <> 'd'
        WHERE a.attrelid = $1::oid ORDER BY a.attnum
        """, Text(relation));

    private static List<SourceTableColumn> Columns(IReadOnlyList<string?[]> rows) =>
        [.. rows.Select(row => new SourceTableColumn(
            row[0]!, (int)Number(row[1]), row[2]!, (uint)Number(row[3]), (int)Number(row[4]), row[5] == "t"))];

    private static Statement UniqueKeysOf(long relation) => new(
        """
        -- Before PostgreSQL 11 all columns of an index are its key.
        SELECT i.indexrelid, a.attname
        FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:coalesce((to_jsonb(i) ->> 'indnkeyatts')::int, i.indnatts) - 1])
        WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
          -- The index of a table that others inherit from does not cover their rows, which are read with its own.
          AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhparent = $1::oid AND p.relkind = 'r')
        ORDER BY NOT i.indisprimary, i.indexrelid, array_position(i.indkey::int2[], a.attnum)
        """, Text(relation));

    private static IReadOnlyList<IReadOnlyList<string>> UniqueKeys(IReadOnlyList<string?[]> rows) =>
        [.. rows.GroupBy(row => row[0], row => row[1]!).Select(IReadOnlyList<string> (key) => [.. key])];

    private static string Text(long relation) => relation.ToString(CultureInfo.InvariantCulture);

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
