using DataLake.Contracts;
using DataLake.Iceberg;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;
using DataLake.Pipelines.Definitions;

namespace DataLake.CatalogUpdater.Tables;

/// <summary>The cursor of a definition as a field of a schema, and windows as ranges of its values: those that the extractor reads by.</summary>
internal static class TableCursor
{
    private static readonly DateOnly Epoch = DateOnly.FromDateTime(DateTime.UnixEpoch);

    /// <summary>The rows of a window that was read again.</summary>
    /// <returns>The cursor, the least value of the window (null for a window from the beginning), and the least value after it.</returns>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: the table has no such column, or has it with a type that does not order rows in time.</exception>
    public static (NestedField Cursor, IcebergValue From, IcebergValue To) RangeOf(Schema schema, TableDefinition table, Window window)
    {
        if (table.Cursor is not { } cursor) throw Invalid("it has no cursor.");
        var field = schema.Columns.Fields.FirstOrDefault(field => field.Name == cursor.Column) ?? throw Invalid($"it has no column '{cursor.Column}', which is its cursor.");
        Func<DateTimeOffset, IcebergValue> value = (field.Type as PrimitiveType)?.Id switch
        {
            TypeId.Timestamptz => bound => IcebergValue.Timestamptz(Microseconds(bound.UtcDateTime)),
            TypeId.Timestamp => bound => IcebergValue.Timestamp(Microseconds(cursor.LocalBound(bound))),
            TypeId.Date => bound => IcebergValue.Date(DateOnly.FromDateTime(cursor.LocalBound(bound)).DayNumber - Epoch.DayNumber),
            _ => throw Invalid($"its cursor '{cursor.Column}' is kept as {field.Type}."),
        };
        return (field, window.IsFromBeginning ? IcebergValue.Null : value(window.From), value(window.To));

        IcebergException Invalid(string why) => new(IcebergErrorKind.Invalid,
            $"A window of {table.Table} that was read again cannot take the place of what was read before: {why} Keep the cursor as a time ('types: {{ infinity: fail }}'), or define a 'key' and write: upsert.");
    }

    /// <summary>Rounded down to PostgreSQL's resolution, as in the condition that the rows were read by.</summary>
    private static long Microseconds(DateTime time) => (time.Ticks / TimeSpan.TicksPerMicrosecond) - (DateTime.UnixEpoch.Ticks / TimeSpan.TicksPerMicrosecond);
}
