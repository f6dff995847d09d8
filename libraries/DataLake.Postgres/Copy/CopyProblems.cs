using DataLake.Postgres.Errors;
using DataLake.Postgres.Types;

namespace DataLake.Postgres.Copy;

/// <summary>What can be wrong with a stream, told with its place and what to do.</summary>
/// <param name="table">The table.</param>
/// <param name="columnNames">The columns that are sent.</param>
internal sealed class CopyProblems(string table, IReadOnlyList<string> columnNames)
{
    /// <summary>The stream itself is wrong.</summary>
    /// <param name="problem">What, as the rest of a sentence that starts with the stream.</param>
    /// <param name="rows">How many rows were whole before it.</param>
    public SourceException Damaged(string problem, long rows) => new(SourceErrorKind.Corrupt,
        $"The stream of {table} {problem} (after row {rows:N0}). Nothing of it is kept; the run is tried again.");

    /// <summary>A field cannot be kept, or is damaged.</summary>
    public SourceException CannotKeep(int column, long row, ColumnValueException error) => error.IsDamage
        ? new(SourceErrorKind.Corrupt,
            $"Row {row:N0} of {table} cannot be read: the column {columnNames[column]} {error.Message}. Nothing of the stream is kept; the run is tried again.", error)
        : new(SourceErrorKind.Value,
            $"Row {row:N0} of {table} cannot be kept: the column {columnNames[column]} {error.Message}. " +
            "Mend the value in the source, or read the table through a view that casts the column to text.", error);

    /// <summary>A field does not fit the file's column.</summary>
    public SourceException DoesNotFit(int column, long row, Exception error) => new(SourceErrorKind.Corrupt,
        $"Row {row:N0} of {table} does not fit the column {columnNames[column]} as the source's catalog described it (NULL in a column that is NOT NULL, most likely): the table has changed since. The run is tried again.", error);

    /// <summary>A row is larger than what may be in memory.</summary>
    public SourceException TooLarge(int column, long row, int length, int limit) => new(SourceErrorKind.Value,
        $"Row {row:N0} of {table} is larger than {limit:N0} bytes, the most that is kept in memory: the column {columnNames[column]} alone has {length:N0}. " +
        "Leave its large column out by listing it as sensitive with the mask 'null', read the table through a view without it, or allow larger rows (the extractor's setting LargestRow): a row takes four times its size of memory.");

    /// <summary>The name of a column.</summary>
    public string NameOf(int column) => columnNames[column];
}
