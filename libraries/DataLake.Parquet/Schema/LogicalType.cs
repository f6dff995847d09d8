namespace DataLake.Parquet.Schema;

/// <summary>What stored values mean; see
/// <see href="https://github.com/apache/parquet-format/blob/master/LogicalTypes.md">LogicalTypes.md</see>. Properties that a kind does not use are zero.</summary>
public sealed record LogicalType
{
    private LogicalType(LogicalTypeKind kind) => Kind = kind;

    /// <summary>Which logical type.</summary>
    public LogicalTypeKind Kind { get; }

    /// <summary>The unit of a time or timestamp.</summary>
    public TimeUnit Unit { get; private init; }

    /// <summary>For a time or timestamp: true for an instant (normalised to UTC), false for local time without a zone.</summary>
    public bool IsAdjustedToUtc { get; private init; }

    /// <summary>For a decimal: all digits.</summary>
    public int Precision { get; private init; }

    /// <summary>For a decimal: digits after the point.</summary>
    public int Scale { get; private init; }

    /// <summary>For an integer: 8, 16, 32 or 64.</summary>
    public int BitWidth { get; private init; }

    /// <summary>For an integer: whether it has a sign.</summary>
    public bool IsSigned { get; private init; }

    /// <summary>UTF-8 text.</summary>
    public static LogicalType String { get; } = new(LogicalTypeKind.String);

    /// <summary>A JSON document as UTF-8.</summary>
    public static LogicalType Json { get; } = new(LogicalTypeKind.Json);

    /// <summary>A UUID of 16 bytes.</summary>
    public static LogicalType Uuid { get; } = new(LogicalTypeKind.Uuid);

    /// <summary>Days since 1970-01-01.</summary>
    public static LogicalType Date { get; } = new(LogicalTypeKind.Date);

    /// <summary>A name out of a fixed set, as UTF-8.</summary>
    public static LogicalType Enum { get; } = new(LogicalTypeKind.Enum);

    /// <summary>A list of the column's elements (see <see cref="ParquetColumn.List"/>).</summary>
    public static LogicalType List { get; } = new(LogicalTypeKind.List);

    /// <summary>Time of day.</summary>
    public static LogicalType Time(TimeUnit unit, bool isAdjustedToUtc) => new(LogicalTypeKind.Time) { Unit = unit, IsAdjustedToUtc = isAdjustedToUtc };

    /// <summary>Time since 1970-01-01 00:00:00.</summary>
    public static LogicalType Timestamp(TimeUnit unit, bool isAdjustedToUtc) =>
        new(LogicalTypeKind.Timestamp) { Unit = unit, IsAdjustedToUtc = isAdjustedToUtc };

    /// <summary>A decimal number of <paramref name="precision"/> digits, <paramref name="scale"/> of them after the point.</summary>
    public static LogicalType Decimal(int precision, int scale) => new(LogicalTypeKind.Decimal) { Precision = precision, Scale = scale };

    /// <summary>An integer of <paramref name="bitWidth"/> bits: 8, 16, 32 or 64.</summary>
    public static LogicalType Integer(int bitWidth, bool isSigned) => new(LogicalTypeKind.Integer) { BitWidth = bitWidth, IsSigned = isSigned };

    /// <summary>Whether values are UTF-8 text.</summary>
    internal bool IsText => Kind is LogicalTypeKind.String or LogicalTypeKind.Json or LogicalTypeKind.Enum;
}
