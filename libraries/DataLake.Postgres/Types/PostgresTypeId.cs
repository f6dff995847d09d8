namespace DataLake.Postgres.Types;

/// <summary>OIDs of built-in types, which never change (src/include/catalog/pg_type.dat).</summary>
internal static class PostgresTypeId
{
    public const uint Boolean = 16;
    public const uint Bytea = 17;
    public const uint SingleChar = 18;
    public const uint Name = 19;
    public const uint Int8 = 20;
    public const uint Int2 = 21;
    public const uint Int4 = 23;
    public const uint Text = 25;
    public const uint Oid = 26;
    public const uint Json = 114;
    public const uint Xml = 142;
    public const uint Float4 = 700;
    public const uint Float8 = 701;
    public const uint Money = 790;
    public const uint Inet = 869;
    public const uint Bpchar = 1042;
    public const uint Varchar = 1043;
    public const uint Date = 1082;
    public const uint Time = 1083;
    public const uint Timestamp = 1114;
    public const uint Timestamptz = 1184;
    public const uint Interval = 1186;
    public const uint Timetz = 1266;
    public const uint Numeric = 1700;
    public const uint Uuid = 2950;
    public const uint Jsonb = 3802;

    /// <summary>The type of an array's elements, for arrays of those types above that have a type of their own in the lake; 0 for all others.</summary>
    public static uint ElementOf(uint array) => array switch
    {
        1000 => Boolean,
        1001 => Bytea,
        1003 => Name,
        1005 => Int2,
        1007 => Int4,
        1009 => Text,
        1014 => Bpchar,
        1015 => Varchar,
        1016 => Int8,
        1021 => Float4,
        1022 => Float8,
        1028 => Oid,
        199 => Json,
        1115 => Timestamp,
        1182 => Date,
        1183 => Time,
        1185 => Timestamptz,
        1231 => Numeric,
        791 => Money,
        2951 => Uuid,
        3807 => Jsonb,
        _ => 0,
    };
}
