using DataLake.Iceberg.Keys;
using DataLake.Iceberg.Manifests;
using DataLake.Iceberg.Metadata;
using DataLake.Iceberg.Planning;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Upserts;

/// <summary>A column of whole numbers, days or times, and a range of its values.</summary>
internal sealed class RangeColumn
{
    private readonly NestedField column;
    private readonly PrimitiveType type;
    private readonly ColumnPredicate predicate;
    private readonly long first;
    private readonly long last;

    /// <summary>The column of a field id.</summary>
    /// <param name="schema">The table's schema.</param>
    /// <param name="fieldId">The column.</param>
    /// <param name="lower">The least value of the range; null for no limit.</param>
    /// <param name="upper">The least value above the range; null for no limit.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: there is no such column, or it is of another type.</exception>
    public RangeColumn(Schema schema, int fieldId, IcebergValue lower, IcebergValue upper)
    {
        Schema = schema;
        column = schema.Columns.Field(fieldId) ?? throw IcebergException.Invalid($"The range is of the field {fieldId}, which is no column of the schema; choose another.");
        type = column.Type is PrimitiveType { Id: TypeId.Int or TypeId.Long or TypeId.Date or TypeId.Time or TypeId.Timestamp or TypeId.Timestamptz } found
            ? found
            : throw IcebergException.Invalid($"The column '{column.Name}' is {column.Type}, of which there are no ranges; choose a column of whole numbers, dates or times.");
        foreach (var limit in (ReadOnlySpan<IcebergValue>)[lower, upper])
            if (!limit.IsNull && limit.Type != type.Id) throw IcebergException.Invalid($"The range is of {limit.Type} values, and the column '{column.Name}' is {type}; convert the limits.");
        first = lower.IsNull ? long.MinValue : lower.AsLong();
        IsEmpty = !upper.IsNull && upper.AsLong() <= first;
        last = upper.IsNull ? long.MaxValue : IsEmpty ? first : upper.AsLong() - 1;
        predicate = ColumnPredicate.Between(fieldId, lower, upper.IsNull ? upper : Value(last));
        Range = KeyRange.Between(type, first, last);
    }

    public Schema Schema { get; }

    public int FieldId => column.Id;

    /// <summary>Whether no value lies in the range.</summary>
    public bool IsEmpty { get; }

    /// <summary>What rules out row groups and pages.</summary>
    public KeyRange Range { get; }

    /// <summary>What rules out files of a table.</summary>
    /// <param name="table">A table that has the column in its type.</param>
    public FileFilter FilterFor(TableMetadata table) => new(table, predicate);

    /// <summary>Whether a value lies in the range.</summary>
    public bool Holds(long value) => value >= first && value <= last;

    /// <summary>Whether all rows of a file lie in the range, as its manifest entry says.</summary>
    public bool HoldsAllOf(DataFile file) =>
        (column.Required || (file.NullValueCounts?.TryGetValue(FieldId, out var nulls) == true && nulls == 0))
        && KeyBounds.Bound(file.LowerBounds, FieldId) is { } lower && Holds(SingleValueBinary.Read(type, lower.Span).AsLong())
        && KeyBounds.Bound(file.UpperBounds, FieldId) is { } upper && Holds(SingleValueBinary.Read(type, upper.Span).AsLong());

    private IcebergValue Value(long number) => type.Id switch
    {
        TypeId.Int => IcebergValue.Int((int)number),
        TypeId.Date => IcebergValue.Date((int)number),
        TypeId.Long => IcebergValue.Long(number),
        TypeId.Time => IcebergValue.Time(number),
        TypeId.Timestamp => IcebergValue.Timestamp(number),
        _ => IcebergValue.Timestamptz(number),
    };
}
