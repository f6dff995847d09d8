namespace DataLake.Parquet.Schema;

/// <summary>One column: a leaf directly below the root of the schema, or a list of such leaves.</summary>
public sealed record ParquetColumn
{
    /// <summary>The name: any Unicode text that is not empty.</summary>
    public required string Name { get; init; }

    /// <summary>How values are stored; of a list, its elements.</summary>
    public required PhysicalType PhysicalType { get; init; }

    /// <summary>What values mean, or null for plain values of the physical type. <see cref="LogicalType.List"/> for a list, whose
    /// <see cref="Element"/> says what its elements mean.</summary>
    public LogicalType? LogicalType { get; init; }

    /// <summary>Whether a row can have no value (OPTIONAL) or must have one (REQUIRED).</summary>
    public bool Nullable { get; init; } = true;

    /// <summary>The id by which table formats such as Iceberg know the column.</summary>
    public int? FieldId { get; init; }

    /// <summary>For FIXED_LEN_BYTE_ARRAY: bytes a value. Otherwise zero.</summary>
    public int FixedLength { get; init; }

    /// <summary>The element of a list; null for all other columns.</summary>
    public ParquetColumn? Element { get; init; }

    /// <summary>Where values and statistics belong: the element of a list, or the column itself.</summary>
    internal ParquetColumn Leaf => Element ?? this;

    /// <summary>The definition level of a value that is there: one for every optional or repeated node above it
    /// (<see href="https://parquet.apache.org/docs/file-format/nestedencoding/">nested encoding</see>).</summary>
    internal int MaxDefinitionLevel => (Nullable ? 1 : 0) + (Element is null ? 0 : Element.Nullable ? 2 : 1);

    /// <summary>A text column.</summary>
    public static ParquetColumn Text(string name, bool nullable = true, int? fieldId = null) =>
        Of(name, PhysicalType.ByteArray, LogicalType.String, nullable, fieldId);

    /// <summary>A column of fixed-length bytes.</summary>
    public static ParquetColumn Fixed(string name, int length, LogicalType? logicalType = null, bool nullable = true, int? fieldId = null) =>
        Of(name, PhysicalType.FixedLengthByteArray, logicalType, nullable, fieldId) with { FixedLength = length };

    /// <summary>A column of a physical type and, perhaps, a logical type.</summary>
    public static ParquetColumn Of(string name, PhysicalType physicalType, LogicalType? logicalType = null, bool nullable = true, int? fieldId = null) =>
        new() { Name = name, PhysicalType = physicalType, LogicalType = logicalType, Nullable = nullable, FieldId = fieldId };

    /// <summary>A column of lists in the standard structure of three levels
    /// (<see href="https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists">LogicalTypes.md, Lists</see>).</summary>
    /// <param name="name">The column's name.</param>
    /// <param name="element">Type, nullability and field id of the elements; not a list itself. Its name becomes "element", as the specification wants it.</param>
    /// <param name="nullable">Whether a row can have no list, which is not the same as an empty one.</param>
    /// <param name="fieldId">The id of the list; that of the elements is <paramref name="element"/>'s own.</param>
    public static ParquetColumn List(string name, ParquetColumn element, bool nullable = true, int? fieldId = null)
    {
        ArgumentNullException.ThrowIfNull(element);
        return Of(name, element.PhysicalType, LogicalType.List, nullable, fieldId) with
        {
            FixedLength = element.FixedLength,
            Element = element with { Name = ElementName },
        };
    }

    /// <summary>The same column with other field ids.</summary>
    /// <param name="fieldId">The column's.</param>
    /// <param name="elementId">The elements', where the column is a list.</param>
    public ParquetColumn WithFieldIds(int fieldId, int? elementId) =>
        this with { FieldId = fieldId, Element = Element is null ? null : Element with { FieldId = elementId } };

    /// <summary>The name of every list's element.</summary>
    internal const string ElementName = "element";

    /// <summary>What is wrong with this column, or null.</summary>
    internal string? Fault()
    {
        if (string.IsNullOrEmpty(Name)) return "A column needs a name.";
        if (Element is not null) return ListFault();
        if (!System.Enum.IsDefined(PhysicalType)) return $"Column '{Name}': physical type {(int)PhysicalType} does not exist.";
        if (PhysicalType == PhysicalType.FixedLengthByteArray ? FixedLength <= 0 : FixedLength != 0)
            return $"Column '{Name}': a fixed length is above zero for FIXED_LEN_BYTE_ARRAY and zero for other types, not {FixedLength}.";
        return LogicalTypeFits() ? null : $"Column '{Name}': logical type {LogicalType} does not go with physical type {PhysicalType}.";
    }

    private string? ListFault()
    {
        if (Element!.Element is not null) return $"Column '{Name}': a list of lists is not supported; flatten it or keep it as text.";
        if (LogicalType != LogicalType.List || PhysicalType != Element.PhysicalType || FixedLength != Element.FixedLength)
            return $"Column '{Name}': a list has the logical type LIST and the physical type of its element; use ParquetColumn.List.";
        return Element.Fault() is { } fault ? $"The elements of list '{Name}': {fault}" : null;
    }

    /// <summary>Whether the logical type is allowed on the physical type (LogicalTypes.md says which).</summary>
    internal bool LogicalTypeFits() => LogicalType switch
    {
        null => true,
        { IsText: true } => PhysicalType == PhysicalType.ByteArray,
        { Kind: LogicalTypeKind.Uuid } => PhysicalType == PhysicalType.FixedLengthByteArray && FixedLength == 16,
        { Kind: LogicalTypeKind.Date } => PhysicalType == PhysicalType.Int32,
        { Kind: LogicalTypeKind.Time, Unit: TimeUnit.Milliseconds } => PhysicalType == PhysicalType.Int32,
        { Kind: LogicalTypeKind.Time } => PhysicalType == PhysicalType.Int64 && System.Enum.IsDefined(LogicalType.Unit),
        { Kind: LogicalTypeKind.Timestamp } => PhysicalType == PhysicalType.Int64 && System.Enum.IsDefined(LogicalType.Unit),
        { Kind: LogicalTypeKind.Integer, BitWidth: 8 or 16 or 32 } => PhysicalType == PhysicalType.Int32,
        { Kind: LogicalTypeKind.Integer, BitWidth: 64 } => PhysicalType == PhysicalType.Int64,
        { Kind: LogicalTypeKind.Decimal, Precision: > 0 and var precision, Scale: >= 0 and var scale } when scale <= precision => precision <= DecimalDigits(),
        _ => false,
    };

    private int DecimalDigits() => PhysicalType switch
    {
        PhysicalType.Int32 => 9,
        PhysicalType.Int64 => 18,
        PhysicalType.FixedLengthByteArray => (int)Math.Floor(((8.0 * FixedLength) - 1) * Math.Log10(2)),
        PhysicalType.ByteArray => int.MaxValue,
        _ => 0,
    };
}
