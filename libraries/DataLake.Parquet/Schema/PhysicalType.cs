namespace DataLake.Parquet.Schema;

/// <summary>How values are stored. The numbers are those of <c>enum Type</c> in
/// <see href="https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift">parquet.thrift</see>.</summary>
public enum PhysicalType
{
    /// <summary>One bit a value.</summary>
    Boolean = 0,

    /// <summary>32-bit little-endian integer.</summary>
    Int32 = 1,

    /// <summary>64-bit little-endian integer.</summary>
    Int64 = 2,

    /// <summary>Deprecated 96-bit timestamp: recognised in metadata, neither written nor read.</summary>
    Int96 = 3,

    /// <summary>IEEE 754 single precision.</summary>
    Float = 4,

    /// <summary>IEEE 754 double precision.</summary>
    Double = 5,

    /// <summary>Bytes of any length.</summary>
    ByteArray = 6,

    /// <summary>Bytes of one length that the schema states.</summary>
    FixedLengthByteArray = 7,
}
