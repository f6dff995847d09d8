using DataLake.Contracts;
using DataLake.Postgres.Tables;

namespace DataLake.Postgres.Chunks;

/// <summary>Cuts at values of a column.</summary>
internal static class ValueCuts
{
    /// <summary>
    /// The condition of each range between the cuts. Whatever the values are, each row is in one: below the first cut or without a value, between two, or from the last one on
    /// (NaN and infinity too: PostgreSQL orders them).
    /// </summary>
    /// <param name="column">The column.</param>
    /// <param name="cuts">SQL literals, ascending in the order of the column's type and collation, none twice.</param>
    public static IEnumerable<string> Of(SourceTableColumn column, IReadOnlyList<string> cuts)
    {
        var name = TableName.Quote(column.Name);
        return cuts.Count == 0 ? [ChunkPart.Everything] :
        [
            column.Nullable ? $"({name} < {cuts[0]} OR {name} IS NULL)" : $"{name} < {cuts[0]}",
            .. cuts.Zip(cuts.Skip(1), (from, to) => $"{name} >= {from} AND {name} < {to}"),
            $"{name} >= {cuts[^1]}",
        ];
    }
}
