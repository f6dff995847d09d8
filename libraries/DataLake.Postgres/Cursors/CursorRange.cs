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

    private readonly TableName table;
    private readonly Func<DateTimeOffset, string> literal;
    private readonly Window window;

    private CursorRange(SourceTable table, SourceTableColumn column, Window window, Func<DateTimeOffset, string> literal)
    {
        this.table = table.Name;
        Column = column;
        this.window = window;
        this.literal = literal;
        var name = TableName.Quote(column.Name);
        Predicate = HasStart ? $"{name} >= {From} AND {name} < {To}" : $"{name} < {To}";
    }

    /// <summary>The cursor column.</summary>
    public SourceTableColumn Column { get; }

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

    /// <summary>Its start as an SQL literal of the column's type; only where it has one.</summary>
    internal string From => literal(window.From);

    /// <summary>Its end as an SQL literal of the column's type.</summary>
    internal string To => literal(window.To);

    /// <summary>The literals that cut it into equal parts of time: one fewer than parts, or less where some would be the same.</summary>
    internal IReadOnlyList<string> Strides(int number)
    {
        var step = (window.To - window.From).Ticks / number;
        return [.. Enumerable.Range(1, number - 1).Select(i => literal(window.From.AddTicks(step * i))).Distinct()];
    }

    /// <summary>Makes sure that no row is without a cursor: no window would ever read it.</summary>
    /// <exception cref="SourceException">There is such a row.</exception>
    public async Task RefuseNullsAsync(SourceConnection connection, CancellationToken cancellation)
    {
        if (!Column.Nullable)
        {
            return;
        }

        var rows = await connection.QueryAsync(
            $"SELECT EXISTS (SELECT FROM {table.ToSql()} WHERE {TableName.Quote(Column.Name)} IS NULL)", [], $"looking for rows of {table} without {Column.Name}", cancellation);
        if (rows is not [["f"]])
        {
            throw new SourceException(SourceErrorKind.Unfit,
                $"{table} has rows whose cursor {Column.Name} is NULL; no window would ever read them. " +
                $"Fill them and run ALTER TABLE {table.ToSql()} ALTER {TableName.Quote(Column.Name)} SET NOT NULL, or name another cursor column in the definition.");
        }
    }

    private static string Candidates(SourceTable table)
    {
        var names = table.Columns.Where(column => column.TypeId is TimestampWithZone or Timestamp or Date).Select(column => column.Name).Take(5).ToList();
        return names.Count > 0
            ? $"Columns that can be its cursor: {string.Join(", ", names)}. Name one in the definition, or leave the cursor out for full loads."
            : "The table has no timestamptz, timestamp or date column: leave the cursor out of the definition for full loads.";
    }
}
