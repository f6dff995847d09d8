using DataLake.Contracts;

namespace DataLake.Postgres.Tables;

/// <summary>A table of a source as its catalog describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Relation">Its OID.</param>
/// <param name="Kind">PostgreSQL's <c>relkind</c>: <c>r</c> table, <c>p</c> partitioned, <c>v</c> view, <c>m</c> materialized view, <c>f</c> foreign.</param>
/// <param name="Parts">The relations that hold its rows: itself, its partitions, and those that inherit from it. None for a view.</param>
/// <param name="ServerVersion">The server's version number, for example 150018.</param>
/// <param name="Columns">Its columns, in their order.</param>
/// <param name="UniqueKeys">Sets of columns, all NOT NULL, that a valid unique index covers, in the index's order; the primary key's first. INCLUDE columns do not count.</param>
public sealed record SourceTable(
    TableName Name, long Relation, char Kind, IReadOnlyList<SourcePart> Parts, int ServerVersion, IReadOnlyList<SourceTableColumn> Columns, IReadOnlyList<IReadOnlyList<string>> UniqueKeys)
{
    /// <summary>The size of all parts together, in pages (of 8 KiB, unless the server was built otherwise).</summary>
    public long Pages => Parts.Sum(part => part.Pages);

    /// <summary>The same with the long values that are kept apart (TOAST).</summary>
    public long AllPages => Parts.Sum(part => part.AllPages);

    /// <summary>About how many rows it has, by the server's statistics; null where those do not say.</summary>
    public double? Rows => Parts.Count > 0 ? Parts.Aggregate((double?)0, (sum, part) => sum + part.Rows) : null;

    /// <summary>Whether rows of it are kept elsewhere. No snapshot of this server holds for them: each connection sees them at an instant of its own.</summary>
    public bool IsForeign => Kind == 'f' || Parts.Any(part => part.Kind == 'f');

    /// <summary>The column of that name, or null.</summary>
    public SourceTableColumn? Find(string column) => Columns.FirstOrDefault(candidate => candidate.Name == column);
}

/// <summary>A column of a table of a source.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Number">Its attribute number: kept when it is renamed, not used again when it is dropped.</param>
/// <param name="Type">Its type as PostgreSQL writes it, for example <c>numeric(14,2)</c>.</param>
/// <param name="TypeId">The OID of its type; of the base type for a domain.</param>
/// <param name="TypeModifier">The type modifier that goes with <paramref name="TypeId"/>, or -1.</param>
/// <param name="Nullable">Whether it can be NULL.</param>
public sealed record SourceTableColumn(string Name, int Number, string Type, uint TypeId, int TypeModifier, bool Nullable);

/// <summary>A relation that holds rows of a table.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">PostgreSQL's <c>relkind</c>: <c>r</c> table, <c>m</c> materialized view, <c>f</c> foreign.</param>
/// <param name="Pages">Its size in pages.</param>
/// <param name="AllPages">The same with its long values, which are kept apart (TOAST).</param>
/// <param name="Rows">About how many rows it has: as many a page as when it was last vacuumed or analyzed. Null where it never was.</param>
/// <param name="CanRead">Whether the user may read it by its own name: a right to the partitioned table is none to its partitions.</param>
public sealed record SourcePart(TableName Name, char Kind, long Pages, long AllPages, double? Rows, bool CanRead);
