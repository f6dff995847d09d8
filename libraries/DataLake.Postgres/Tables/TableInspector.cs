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
            var parts = await HoldAsync(connection, name, relation, cancellation);
            var columns = await ColumnsAsync(connection, name, relation, cancellation);
            var keys = await UniqueKeysAsync(connection, name, relation, cancellation);
            var required = columns.Where(column => !column.Nullable).Select(column => column.Name).ToHashSet();
            return new SourceTable(name, relation, kind, parts, version, columns, [.. keys.Where(key => key.All(required.Contains))]);
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

    /// <summary>Makes the transaction of another connection of the same snapshot hold the table too, so that the rows stay where they are when the first connection is lost.</summary>
    /// <exception cref="SourceException">The table was emptied or rewritten since the snapshot, or may not be read.</exception>
    public static Task HoldAsync(SourceConnection connection, SourceTable table, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(table);
        return HoldAsync(connection, table.Name, table.Relation, cancellation);
    }

    /// <summary>
    /// Locks the table against being emptied or rewritten until the transaction ends, and makes sure that this has not happened since its snapshot: TRUNCATE and ALTER TABLE
    /// leave older snapshots an empty table (<see href="https://www.postgresql.org/docs/current/mvcc-caveats.html">MVCC caveats</see>).
    /// </summary>
    /// <returns>The relations that held the table's rows when the snapshot was taken.</returns>
    private static async Task<IReadOnlyList<SourcePart>> HoldAsync(SourceConnection connection, TableName name, long relation, CancellationToken cancellation)
    {
        await connection.ExecuteAsync($"SELECT FROM {name.ToSql()} LIMIT 0", $"looking up {name}", cancellation);
        var parts = await PartsAsync(connection, name, relation, cancellation);
        if (parts.Count > 1 && parts.All(part => part.CanRead))
        {
            // A partition of the snapshot that was detached before the table was locked: it is read by its own name.
            await connection.ExecuteAsync(string.Concat(parts.Select(part => $"SELECT FROM ONLY {part.Name.ToSql()} LIMIT 0; ")), $"looking up {name}", cancellation);
            await PartsAsync(connection, name, relation, cancellation);
        }

        return parts;
    }

    /// <exception cref="SourceException">One was emptied, rewritten or dropped since the snapshot.</exception>
    private static async Task<IReadOnlyList<SourcePart>> PartsAsync(SourceConnection connection, TableName name, long relation, CancellationToken cancellation)
    {
        // pg_class is read in the snapshot, pg_relation_filenode as it is now. A table may inherit from another in more than one way.
        var rows = await connection.QueryAsync(
            """
            WITH RECURSIVE tree AS (
                SELECT $1::oid AS relation
                UNION
                SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON i.inhparent = t.relation)
            SELECT n.nspname, c.relname, c.relkind, coalesce(pg_relation_size(c.oid) / current_setting('block_size')::int, 0),
                   coalesce((pg_relation_size(c.oid) + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)) / current_setting('block_size')::int, 0),
                   has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'),
                   c.relfilenode <> 0 AND c.relfilenode IS DISTINCT FROM pg_relation_filenode(c.oid)
            FROM pg_class c JOIN tree t ON t.relation = c.oid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'm', 'f')
            ORDER BY c.oid <> $1::oid, n.nspname, c.relname
            """, [relation.ToString(CultureInfo.InvariantCulture)], $"looking up {name}", cancellation);
        return rows.All(row => row[6] != "t")
            ? [.. rows.Select(row => new SourcePart(new TableName(row[0]!, row[1]!), row[2]![0], Number(row[3]), Number(row[4]), row[5] == "t"))]
            : throw new SourceException(SourceErrorKind.Query,
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
            SELECT a.attname, a.attnum::int, format_type(a.atttypid, a.atttypmod), b.oid, b.modifier,
                   -- As of PostgreSQL 18, NOT NULL may hold for new rows only.
                   NOT a.attnotnull OR EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND a.attnum = ANY (k.conkey))
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
            -- Before PostgreSQL 11 all columns of an index are its key.
            SELECT i.indexrelid, a.attname
            FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey[0:coalesce((to_jsonb(i) ->> 'indnkeyatts')::int, i.indnatts) - 1])
            WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
              -- The index of a table that others inherit from does not cover their rows, which are read with its own.
              AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent WHERE h.inhparent = $1::oid AND p.relkind = 'r')
            ORDER BY NOT i.indisprimary, i.indexrelid, array_position(i.indkey::int2[], a.attnum)
            """, [relation.ToString(CultureInfo.InvariantCulture)], $"looking up {name}", cancellation);
        return [.. rows.GroupBy(row => row[0], row => row[1]!).Select(IReadOnlyList<string> (key) => [.. key])];
    }

    private static long Number(string? text) => long.Parse(text!, CultureInfo.InvariantCulture);
}
