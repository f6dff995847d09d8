using DataLake.Iceberg.Types;
using DataLake.Parquet.Schema;

namespace DataLake.Iceberg.ParquetFiles;

/// <summary>
/// Which Parquet column holds which type (<see href="https://iceberg.apache.org/spec/#parquet">Appendix A, Parquet</see>), in both directions. Lists are lists of
/// primitive values; structs and maps have no column here.
/// </summary>
public static class ParquetTypes
{
    /// <summary>The note in a file's footer under which Iceberg writers keep the schema as JSON. Field ids are what counts; some readers find renamed columns only by it.</summary>
    public const string SchemaNote = "iceberg.schema";

    /// <summary>The schema of a table whose files have these columns. Columns are known by their field ids.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column or a list's element has no field id.
    /// <see cref="IcebergErrorKind.Unsupported"/>: no type is what a column holds.</exception>
    public static Schema ToIceberg(ParquetSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new Schema(new StructType([.. schema.Columns.Select(ToField)]));
    }

    /// <summary>The columns that files of a schema have.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: structs, maps and lists of them.</exception>
    public static ParquetSchema ToParquet(Schema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return new ParquetSchema([.. schema.Columns.Fields.Select(ToColumn)]);
    }

    /// <summary>The column of a field.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: structs, maps and lists of them.</exception>
    public static ParquetColumn ToColumn(NestedField field)
    {
        ArgumentNullException.ThrowIfNull(field);
        return field.Type switch
        {
            PrimitiveType type => ToColumn(field.Name, type, !field.Required, field.Id),
            ListType { Element: PrimitiveType element } list => ParquetColumn.List(
                field.Name, ToColumn("element", element, !list.ElementRequired, list.ElementId), !field.Required, field.Id),
            _ => throw IcebergException.Unsupported($"The column '{field.Name}' is {field.Type}, which is neither written to nor read from Parquet; flatten it, or keep it as text."),
        };
    }

    /// <summary>The type of what a column holds; of a list, of its elements.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unsupported"/>: no type fits.</exception>
    public static PrimitiveType TypeOf(ParquetColumn column)
    {
        ArgumentNullException.ThrowIfNull(column);
        var leaf = column.Element ?? column;
        var (physical, logical) = (leaf.PhysicalType, leaf.LogicalType);
        return (physical, logical?.Kind) switch
        {
            (PhysicalType.Boolean, null) => PrimitiveType.Boolean,
            (PhysicalType.Int32, null) => PrimitiveType.Int,
            (PhysicalType.Int32, LogicalTypeKind.Integer) when logical!.IsSigned || logical.BitWidth < 32 => PrimitiveType.Int,
            (PhysicalType.Int64, null) => PrimitiveType.Long,
            (PhysicalType.Int64, LogicalTypeKind.Integer) when logical!.IsSigned => PrimitiveType.Long,
            (PhysicalType.Float, null) => PrimitiveType.Float,
            (PhysicalType.Double, null) => PrimitiveType.Double,
            (_, LogicalTypeKind.Decimal) when logical!.Precision <= 38 => PrimitiveType.Decimal(logical.Precision, logical.Scale),
            (_, LogicalTypeKind.Date) => PrimitiveType.Date,
            (_, LogicalTypeKind.Time) when logical!.Unit == TimeUnit.Microseconds => PrimitiveType.Time,
            (_, LogicalTypeKind.Timestamp) when logical!.Unit == TimeUnit.Microseconds => logical.IsAdjustedToUtc ? PrimitiveType.Timestamptz : PrimitiveType.Timestamp,
            (_, LogicalTypeKind.Timestamp) when logical!.Unit == TimeUnit.Nanoseconds => logical.IsAdjustedToUtc ? PrimitiveType.TimestamptzNs : PrimitiveType.TimestampNs,
            (_, LogicalTypeKind.String or LogicalTypeKind.Json or LogicalTypeKind.Enum) => PrimitiveType.String,
            (_, LogicalTypeKind.Uuid) => PrimitiveType.Uuid,
            (PhysicalType.ByteArray, null) => PrimitiveType.Binary,
            (PhysicalType.FixedLengthByteArray, null) => PrimitiveType.Fixed(leaf.FixedLength),
            _ => throw IcebergException.Unsupported(
                $"The Parquet column '{column.Name}' holds {physical}{(logical is null ? "" : $" as {logical.Kind} {logical.Unit}")}, for which the table format has no type; write the file again with another type."),
        };
    }

    /// <summary>The field id of a column.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: it has none.</exception>
    public static int IdOf(ParquetColumn column)
    {
        ArgumentNullException.ThrowIfNull(column);
        return column.FieldId ?? throw IcebergException.Invalid(
            $"The Parquet column '{column.Name}' has no field id, by which a table would know it; write the file with field ids, or read its table through a name mapping.");
    }

    /// <summary>The places of a file's columns by field id.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Invalid"/>: a column has no field id.</exception>
    internal static Dictionary<int, int> PlacesOf(ParquetSchema schema)
    {
        var places = new Dictionary<int, int>(schema.Columns.Count);
        for (var i = 0; i < schema.Columns.Count; i++) places[IdOf(schema.Columns[i])] = i;
        return places;
    }

    /// <summary>The field of a column, whose id may be a reserved one here.</summary>
    internal static NestedField ToField(ParquetColumn column)
    {
        var type = TypeOf(column);
        return new NestedField(IdOf(column), column.Name, column.Element is { } element ? new ListType(ElementIdOf(column, element), type, !element.Nullable) : type, !column.Nullable);
    }

    private static int ElementIdOf(ParquetColumn list, ParquetColumn element) => element.FieldId ?? throw IcebergException.Invalid(
        $"The elements of the Parquet list '{list.Name}' have no field id, by which a table would know them; write the file with field ids.");

    private static ParquetColumn ToColumn(string name, PrimitiveType type, bool nullable, int id) => type.Id switch
    {
        TypeId.Boolean => ParquetColumn.Of(name, PhysicalType.Boolean, null, nullable, id),
        TypeId.Int => ParquetColumn.Of(name, PhysicalType.Int32, null, nullable, id),
        TypeId.Long => ParquetColumn.Of(name, PhysicalType.Int64, null, nullable, id),
        TypeId.Float => ParquetColumn.Of(name, PhysicalType.Float, null, nullable, id),
        TypeId.Double => ParquetColumn.Of(name, PhysicalType.Double, null, nullable, id),
        TypeId.Decimal => DecimalColumn(name, type, nullable, id),
        TypeId.Date => ParquetColumn.Of(name, PhysicalType.Int32, LogicalType.Date, nullable, id),
        TypeId.Time => ParquetColumn.Of(name, PhysicalType.Int64, LogicalType.Time(TimeUnit.Microseconds, isAdjustedToUtc: false), nullable, id),
        TypeId.Timestamp => ParquetColumn.Of(name, PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc: false), nullable, id),
        TypeId.Timestamptz => ParquetColumn.Of(name, PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc: true), nullable, id),
        TypeId.TimestampNs => ParquetColumn.Of(name, PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Nanoseconds, isAdjustedToUtc: false), nullable, id),
        TypeId.TimestamptzNs => ParquetColumn.Of(name, PhysicalType.Int64, LogicalType.Timestamp(TimeUnit.Nanoseconds, isAdjustedToUtc: true), nullable, id),
        TypeId.String => ParquetColumn.Text(name, nullable, id),
        TypeId.Uuid => ParquetColumn.Fixed(name, 16, LogicalType.Uuid, nullable, id),
        TypeId.Fixed => ParquetColumn.Fixed(name, type.Length, null, nullable, id),
        _ => ParquetColumn.Of(name, PhysicalType.ByteArray, null, nullable, id),
    };

    private static ParquetColumn DecimalColumn(string name, PrimitiveType type, bool nullable, int id)
    {
        var logical = LogicalType.Decimal(type.Precision, type.Scale);
        return type.Precision <= 9 ? ParquetColumn.Of(name, PhysicalType.Int32, logical, nullable, id)
            : type.Precision <= 18 ? ParquetColumn.Of(name, PhysicalType.Int64, logical, nullable, id)
            : ParquetColumn.Fixed(name, type.DecimalBytes, logical, nullable, id);
    }
}
