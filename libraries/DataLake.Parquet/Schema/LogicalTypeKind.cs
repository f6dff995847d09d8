namespace DataLake.Parquet.Schema;

/// <summary>Which logical type. The numbers are the field ids of <c>union LogicalType</c> in parquet.thrift.</summary>
public enum LogicalTypeKind
{
    /// <summary>UTF-8 text in BYTE_ARRAY.</summary>
    String = 1,

    /// <summary>A list: a group around a repeated group around the element.</summary>
    List = 3,

    /// <summary>A name out of a fixed set, UTF-8 in BYTE_ARRAY.</summary>
    Enum = 4,

    /// <summary>A decimal number: an unscaled integer in INT32, INT64, FIXED_LEN_BYTE_ARRAY or BYTE_ARRAY (big-endian two's complement).</summary>
    Decimal = 5,

    /// <summary>Days since 1970-01-01 in INT32.</summary>
    Date = 6,

    /// <summary>Time of day: milliseconds in INT32, microseconds or nanoseconds in INT64.</summary>
    Time = 7,

    /// <summary>Time since 1970-01-01 00:00:00 in INT64.</summary>
    Timestamp = 8,

    /// <summary>An integer of 8, 16, 32 (INT32) or 64 bits (INT64), signed or unsigned.</summary>
    Integer = 10,

    /// <summary>A JSON document, UTF-8 in BYTE_ARRAY.</summary>
    Json = 12,

    /// <summary>16 bytes in FIXED_LEN_BYTE_ARRAY(16), big-endian as in RFC 9562.</summary>
    Uuid = 14,
}
