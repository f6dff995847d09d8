using DataLake.Parquet.Schema;

namespace DataLake.Parquet.Metadata;

/// <summary>The older annotations that readers without logical types understand (<c>enum ConvertedType</c>), and their translation
/// (<see href="https://github.com/apache/parquet-format/blob/master/LogicalTypes.md">LogicalTypes.md</see>, compatibility sections).</summary>
internal static class ConvertedType
{
    private const int Utf8 = 0, List = 3, Enum = 4, Decimal = 5, Date = 6, TimeMillis = 7, TimeMicros = 8, TimestampMillis = 9, TimestampMicros = 10, Json = 19;
    private const int UInt8 = 11, Int8 = 15;

    /// <summary>The converted type that goes with a logical type, if there is one (local times share theirs with instants, as the specification has it).</summary>
    public static int? Of(LogicalType? type) => type switch
    {
        null => null,
        { Kind: LogicalTypeKind.String } => Utf8,
        { Kind: LogicalTypeKind.List } => List,
        { Kind: LogicalTypeKind.Enum } => Enum,
        { Kind: LogicalTypeKind.Json } => Json,
        { Kind: LogicalTypeKind.Date } => Date,
        { Kind: LogicalTypeKind.Decimal } => Decimal,
        { Kind: LogicalTypeKind.Time, Unit: TimeUnit.Milliseconds } => TimeMillis,
        { Kind: LogicalTypeKind.Time, Unit: TimeUnit.Microseconds } => TimeMicros,
        { Kind: LogicalTypeKind.Timestamp, Unit: TimeUnit.Milliseconds } => TimestampMillis,
        { Kind: LogicalTypeKind.Timestamp, Unit: TimeUnit.Microseconds } => TimestampMicros,
        { Kind: LogicalTypeKind.Integer } => (type.IsSigned ? Int8 : UInt8) + int.Log2(type.BitWidth / 8),
        _ => null,
    };

    /// <summary>The logical type that a converted type stands for in a file that has nothing newer.</summary>
    public static LogicalType? ToLogical(int converted, int precision, int scale) => converted switch
    {
        Utf8 => LogicalType.String,
        List => LogicalType.List,
        Enum => LogicalType.Enum,
        Json => LogicalType.Json,
        Date => LogicalType.Date,
        Decimal => LogicalType.Decimal(precision, scale),
        TimeMillis => LogicalType.Time(TimeUnit.Milliseconds, isAdjustedToUtc: true),
        TimeMicros => LogicalType.Time(TimeUnit.Microseconds, isAdjustedToUtc: true),
        TimestampMillis => LogicalType.Timestamp(TimeUnit.Milliseconds, isAdjustedToUtc: true),
        TimestampMicros => LogicalType.Timestamp(TimeUnit.Microseconds, isAdjustedToUtc: true),
        >= UInt8 and < UInt8 + 4 => LogicalType.Integer(8 << (converted - UInt8), isSigned: false),
        >= Int8 and < Int8 + 4 => LogicalType.Integer(8 << (converted - Int8), isSigned: true),
        _ => null,
    };
}
