using DataLake.Contracts;

namespace DataLake.Postgres.Tables;

/// <summary>A table of a source as its catalog describes it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Relation">Its OID.</param>
/// <param name="Kind">PostgreSQL's <c>relkind</c>: <c>r</c> table, <c>p</c> partitioned, <c>v</c> view, <c>m</c> materialized view, <c>f</c> foreign.</param>
/// <param name="Pages">Its size in pages (of 8 KiB, unless the server was built otherwise); 0 for what has none of its own: views, partitioned tables.</param>
/// <param name="ServerVersion">The server's version number, for example 150018.</param>
/// <param name="Columns">Its columns, in their order.</param>
/// <param name="UniqueKeys">Sets of columns, all NOT NULL, that a valid unique index covers; INCLUDE columns do not count.</param>
public sealed record SourceTable(
    TableName Name, long Relation, char Kind, long Pages, int ServerVersion, IReadOnlyList<SourceTableColumn> Columns, IReadOnlyList<IReadOnlyList<string>> UniqueKeys)
{
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
