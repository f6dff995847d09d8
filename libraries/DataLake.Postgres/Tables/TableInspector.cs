using System.Globalization;
using DataLake.Contracts;
using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;

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
            var (relation, kind, version) = await FindAsync(connection, name, cancellation);
            var pages = await HoldAsync(connection, name, relation, cancellation);
            var columns = await ColumnsAsync(connection, name, relation, cancellation);
            var keys = await UniqueKeysAsync(connection, name, relation, cancellation);
            return new SourceTable(name, relation, kind, pages, version, columns, keys);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            throw SourceException.From(error, $"looking up {name}");
        }
    }

    private static async Task<(long Relation, char Kind, int Version)> FindAsync(SourceConnection connection, TableName name, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(
            """
            SELECT c.oid::bigint, c.relkind, current_setting('server_version_num')::int,
                   has_schema_privilege(n.oid, 'USAGE') AND (has_table_privilege(c.oid, 'SELECT') OR has_any_column_privilege(c.oid, 'SELECT'))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """, [name.Schema, name.Name], $"looking up {name}", cancellation);
        if (rows is [var found])
        {
            return found[3] == "t"
                ? (Number(found[0]), found[1]![0], (int)Number(found[2]))
                : throw new SourceException(SourceErrorKind.Denied,
                    $"The source's user may not read {name}. Run: GRANT USAGE ON SCHEMA {TableName.Quote(name.Schema)} TO <user>; GRANT SELECT ON {name.ToSql()} TO <user>;");
        }

        var near = await NearAsync(connection, name, cancellation);
        throw new SourceException(SourceErrorKind.Missing,
            $"The source has no table {name}{(near.Count > 0 ? $"; it has {string.Join(", ", near)}" : "")}. Correct the name in the definition (case counts), or create the table.");
    }

    /// <summary>
    /// Locks the table against being emptied or rewritten until the transaction ends, and makes sure that this has not happened since its snapshot: TRUNCATE and ALTER TABLE
    /// leave older snapshots an empty table (<see href="https://www.postgresql.org/docs/current/mvcc-caveats.html">MVCC caveats</see>).
    /// </summary>
    /// <returns>The table's size in pages.</returns>
    private static async Task<long> HoldAsync(SourceConnection connection, TableName name, long relation, CancellationToken cancellation)
    {
        await connection.ExecuteAsync($"SELECT FROM {name.ToSql()} LIMIT 0", $"looking up {name}", cancellation);

        // pg_class is read in the snapshot, pg_relation_filenode as it is now.
        var rows = await connection.QueryAsync(
            """
            WITH RECURSIVE tree AS (
                SELECT $1::oid AS relation
                UNION ALL
                SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relation)
            SELECT bool_or(c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)),
                   coalesce(max(pg_relation_size(c.oid)) FILTER (WHERE c.oid = $1::oid) / current_setting('block_size')::int, 0)
            FROM pg_class c JOIN tree t ON t.relation = c.oid
            """, [relation.ToString(CultureInfo.InvariantCulture)], $"looking up {name}", cancellation);
        return rows[0][0] != "t" ? Number(rows[0][1]) : throw new SourceException(SourceErrorKind.Query,
            $"{name} was truncated or rewritten (TRUNCATE, ALTER TABLE, REFRESH MATERIALIZED VIEW ...) while its snapshot was taken, which hides its rows from the snapshot. Nothing is kept; the run is tried again.");
    }

    private static async Task<List<string>> NearAsync(SourceConnection connection, TableName name, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
              AND (lower(c.relname) = lower($2) OR (n.nspname = $1 AND left(lower(c.relname), 3) = left(lower($2), 3)))
            ORDER BY lower(c.relname) = lower($2) DESC, c.relname LIMIT 3
            """, [name.Schema, name.Name], $"looking up {name}", cancellation);
        return [.. rows.Select(row => new TableName(row[0]!, row[1]!).ToString())];
    }

    private static async Task<List<SourceTableColumn>> ColumnsAsync(SourceConnection connection, TableName name, long relation, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(
            """
            WITH RECURSIVE types AS (
                SELECT a.attnum, t.oid, t.typtype, t.typbasetype, t.typtypmod, a.atttypmod AS modifier
                FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
                WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
                UNION ALL
                SELECT d.attnum, t.oid, t.typtype, t.typbasetype, t.typtypmod, d.typtypmod
                FROM types d JOIN pg_type t ON t.oid = d.typbasetype WHERE d.typtype = 'd')
            SELECT a.attname, a.attnum::int, format_type(a.atttypid, a.atttypmod), b.oid, b.modifier, NOT a.attnotnull
            FROM pg_attribute a JOIN types b ON b.attnum = a.attnum AND b.typtype <> 'd'
            WHERE a.attrelid = $1::oid ORDER BY a.attnum
            """, [relation.ToString(CultureInfo.InvariantCulture)], $"looking up {name}", cancellation);
        return [.. rows.Select(row => new SourceTableColumn(
            row[0]!, (int)Number(row[1]), row[2]!, (uint)Number(row[3]), (int)Number(row[4]), row[5] == "t"))];
    }

    private static async Task<IReadOnlyList<IReadOnlyList<string>>> UniqueKeysAsync(SourceConnection connection, TableName name, long relation, CancellationToken cancellation)
    {
        var rows = await connection.QueryAsync(
            """
            SELECT i.indexrelid, a.attname
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:i.indnkeyatts - 1])
            WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
              -- The index of a table that others inherit from does not cover their rows, which are read with its own.
              AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhparent = $1::oid AND p.relkind = 'r')
              AND NOT EXISTS (SELECT FROM pg_attribute n WHERE n.attrelid = i.indrelid AND n.attnum = ANY (i.indkey[0:i.indnkeyatts - 1]) AND NOT n.attnotnull)
            ORDER BY i.indexrelid, a.attnum
            """, [relation.ToString(CultureInfo.InvariantCulture)], $"looking up {name}", cancellation);
        return [.. rows.GroupBy(row => row[0], row => row[1]!).Select(IReadOnlyList<string> (key) => [.. key])];
    }

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
