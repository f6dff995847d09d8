namespace DataLake.Postgres.Wire;

/// <summary>One statement of those that are asked of a server at once.</summary>
/// <param name="Sql">The statement.</param>
/// <param name="Parameters">Its parameters (<c>$1</c> ...), all as text.</param>
internal readonly record struct Statement(string Sql, params IReadOnlyList<string?> Parameters);
