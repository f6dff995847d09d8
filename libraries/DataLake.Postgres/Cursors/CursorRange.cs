using DataLake.Contracts;
using DataLake.Postgres.Errors;
using DataLake.Postgres.Tables;
using DataLake.Postgres.Connections;

namespace DataLake.Postgres.Cursors;

/// <summary>A window as a condition on a table's cursor column: half-open, in the column's own type.</summary>
public sealed class CursorRange
{
    private const uint Date = 1082;
    private const uint Timestamp = 1114;
    private const uint TimestampWithZone = 1184;

    private readonly string column;
    private readonly bool nullable;
    private readonly TableName table;
    private readonly Func<DateTimeOffset, string> literal;
    private readonly Window window;

    private CursorRange(SourceTable table, SourceTableColumn column, Window window, Func<DateTimeOffset, string> literal)
    {
        this.table = table.Name;
        this.column = column.Name;
        nullable = column.Nullable;
        this.window = window;
        this.literal = literal;
        Predicate = Between(window.From, window.To);
    }

    /// <summary>The SQL condition of the window's rows.</summary>
    public string Predicate { get; }

    /// <summary>Whether the window has a start other than the beginning of time.</summary>
    public bool HasStart => !window.IsFromBeginning;

    /// <summary>The range of a window.</summary>
    /// <param name="table">The table.</param>
    /// <param name="columnName">Its cursor column: <c>timestamptz</c>, <c>timestamp</c> or <c>date</c>.</param>
    /// <param name="window">The window.</param>
    /// <param name="toLocal">Turns an instant into the local time of the cursor's zone, for columns without a zone. It must never go backwards.</param>
    /// <exception cref="SourceException">The column is not there or has no time in it.</exception>
    public static CursorRange Of(SourceTable table, string columnName, Window window, Func<DateTimeOffset, DateTime> toLocal)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(toLocal);
        var column = table.Find(columnName) ?? throw new SourceException(SourceErrorKind.Missing,
            $"{table.Name} has no column {columnName} for its cursor. {Candidates(table)}");
        return column.TypeId switch
        {
            TimestampWithZone => new(table, column, window, TimeLiteral.Of),
            Timestamp => new(table, column, window, instant => TimeLiteral.Of(toLocal(instant))),
            // A day is read when it is over.
            Date => new(table, column, window, instant => TimeLiteral.Of(toLocal(instant).Date) + "::date"),
            _ => throw new SourceException(SourceErrorKind.Unfit,
                $"The cursor {columnName} of {table.Name} is of type {column.Type}, which does not order rows in time. {Candidates(table)}"),
        };
    }

    /// <summary>The range cut into equal parts of time.</summary>
    internal IEnumerable<string> Split(int number)
    {
        var step = (window.To - window.From).Ticks / number;
        for (var i = 0; i < number; i++)
        {
            var to = i == number - 1 ? window.To : window.From.AddTicks(step * (i + 1));
            yield return Between(window.From.AddTicks(step * i), to);
        }
    }

    /// <summary>Makes sure that no row is without a cursor: no window would ever read it.</summary>
    /// <exception cref="SourceException">There is such a row.</exception>
    public async Task RefuseNullsAsync(SourceConnection connection, CancellationToken cancellation)
    {
        if (!nullable)
        {
            return;
        }

        var rows = await connection.QueryAsync(
            $"SELECT EXISTS (SELECT FROM {table.ToSql()} WHERE {TableName.Quote(column)} IS NULL)", [], $"looking for rows of {table} without {column}", cancellation);
        if (rows is not [["f"]])
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"{table} has rows whose cursor {column} is NULL; no window would ever read them. " +
                $"Fill them and run ALTER TABLE {table.ToSql()} ALTER {TableName.Quote(column)} SET NOT NULL, or name another cursor column in the definition.");
        }
    }

    private string Between(DateTimeOffset from, DateTimeOffset to)
    {
        var name = TableName.Quote(column);
        return from == Window.Beginning ? $"{name} < {literal(to)}" : $"{name} >= {literal(from)} AND {name} < {literal(to)}";
    }

    private static string Candidates(SourceTable table)
    {
        var names = table.Columns.Where(column => column.TypeId is TimestampWithZone or Timestamp or Date).Select(column => column.Name).Take(5).ToList();
        return names.Count > 0
            ? $"Columns that can be its cursor: {string.Join(", ", names)}. Name one in the definition, or leave the cursor out for full loads."
            : "The table has no timestamptz, timestamp or date column: leave the cursor out of the definition for full loads.";
    }
}
