namespace DataLake.Iceberg.Types;

/// <summary>The primitive types that values are read and written of (<see href="https://iceberg.apache.org/spec/#primitive-types">Primitive Types</see>).</summary>
public enum TypeId : byte
{
    /// <summary>No type: the kind of a null value.</summary>
    None,

    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>Signed, 32 bits.</summary>
    Int,

    /// <summary>Signed, 64 bits.</summary>
    Long,

    /// <summary>IEEE 754, 32 bits.</summary>
    Float,

    /// <summary>IEEE 754, 64 bits.</summary>
    Double,

    /// <summary>Fixed-point, up to 38 digits.</summary>
    Decimal,

    /// <summary>Days since 1970-01-01.</summary>
    Date,

    /// <summary>Microseconds since midnight.</summary>
    Time,

    /// <summary>Microseconds since 1970-01-01, without a zone.</summary>
    Timestamp,

    /// <summary>Microseconds since 1970-01-01 UTC.</summary>
    Timestamptz,

    /// <summary>UTF-8 text.</summary>
    String,

    /// <summary>16 bytes, big-endian.</summary>
    Uuid,

    /// <summary>Bytes of one length.</summary>
    Fixed,

    /// <summary>Bytes of any length.</summary>
    Binary,

    /// <summary>Nanoseconds since 1970-01-01, without a zone; version 3.</summary>
    TimestampNs,

    /// <summary>Nanoseconds since 1970-01-01 UTC; version 3.</summary>
    TimestamptzNs,
}
