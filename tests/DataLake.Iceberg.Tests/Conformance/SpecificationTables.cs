namespace DataLake.Iceberg.Tests.Conformance;

/// <summary>How a version asks for a field.</summary>
internal enum Asked
{
    /// <summary>The field is not written.</summary>
    Omitted,

    /// <summary>The field may be null or missing.</summary>
    Optional,

    /// <summary>The field must be there.</summary>
    Required,
}

/// <summary>A row of a table in the specification.</summary>
internal sealed record SpecifiedField(int Id, string Name, string Type, Asked V1, Asked V2, Asked? OtherInV3 = null)
{
    public Asked Of(int version) => version == 3 ? OtherInV3 ?? V2 : V2;
}

/// <summary>The field tables of the specification (<see href="https://iceberg.apache.org/spec/">Iceberg Table Spec</see>, versions 1 to 3), written down as data.</summary>
internal static class SpecificationTables
{
    public static readonly SpecifiedField[] ManifestEntry =
    [
        new(0, "status", "int", Asked.Required, Asked.Required),
        new(1, "snapshot_id", "long", Asked.Required, Asked.Optional),
        new(3, "sequence_number", "long", Asked.Omitted, Asked.Optional),
        new(4, "file_sequence_number", "long", Asked.Omitted, Asked.Optional),
        new(2, "data_file", "struct", Asked.Required, Asked.Required),
    ];

    public static readonly SpecifiedField[] DataFile =
    [
        new(134, "content", "int", Asked.Omitted, Asked.Required),
        new(100, "file_path", "string", Asked.Required, Asked.Required),
        new(101, "file_format", "string", Asked.Required, Asked.Required),
        new(102, "partition", "struct", Asked.Required, Asked.Required),
        new(103, "record_count", "long", Asked.Required, Asked.Required),
        new(104, "file_size_in_bytes", "long", Asked.Required, Asked.Required),
        new(105, "block_size_in_bytes", "long", Asked.Required, Asked.Omitted),
        new(106, "file_ordinal", "int", Asked.Optional, Asked.Omitted),
        new(107, "sort_columns", "list<112: int>", Asked.Optional, Asked.Omitted),
        new(108, "column_sizes", "map<117: int, 118: long>", Asked.Optional, Asked.Optional),
        new(109, "value_counts", "map<119: int, 120: long>", Asked.Optional, Asked.Optional),
        new(110, "null_value_counts", "map<121: int, 122: long>", Asked.Optional, Asked.Optional),
        new(137, "nan_value_counts", "map<138: int, 139: long>", Asked.Optional, Asked.Optional),
        new(111, "distinct_counts", "map<123: int, 124: long>", Asked.Optional, Asked.Optional, Asked.Omitted),
        new(125, "lower_bounds", "map<126: int, 127: bytes>", Asked.Optional, Asked.Optional),
        new(128, "upper_bounds", "map<129: int, 130: bytes>", Asked.Optional, Asked.Optional),
        new(131, "key_metadata", "bytes", Asked.Optional, Asked.Optional),
        new(132, "split_offsets", "list<133: long>", Asked.Optional, Asked.Optional),
        new(135, "equality_ids", "list<136: int>", Asked.Omitted, Asked.Optional),
        new(140, "sort_order_id", "int", Asked.Optional, Asked.Optional),
        new(142, "first_row_id", "long", Asked.Omitted, Asked.Omitted, Asked.Optional),
        new(143, "referenced_data_file", "string", Asked.Omitted, Asked.Optional),
        new(144, "content_offset", "long", Asked.Omitted, Asked.Omitted, Asked.Optional),
        new(145, "content_size_in_bytes", "long", Asked.Omitted, Asked.Omitted, Asked.Optional),
    ];

    /// <summary>Optional in version 2, and deprecated: "do not write".</summary>
    public static readonly int[] Deprecated = [111];

    public static readonly SpecifiedField[] ManifestFile =
    [
        new(500, "manifest_path", "string", Asked.Required, Asked.Required),
        new(501, "manifest_length", "long", Asked.Required, Asked.Required),
        new(502, "partition_spec_id", "int", Asked.Required, Asked.Required),
        new(517, "content", "int", Asked.Omitted, Asked.Required),
        new(515, "sequence_number", "long", Asked.Omitted, Asked.Required),
        new(516, "min_sequence_number", "long", Asked.Omitted, Asked.Required),
        new(503, "added_snapshot_id", "long", Asked.Required, Asked.Required),
        new(504, "added_files_count", "int", Asked.Optional, Asked.Required),
        new(505, "existing_files_count", "int", Asked.Optional, Asked.Required),
        new(506, "deleted_files_count", "int", Asked.Optional, Asked.Required),
        new(512, "added_rows_count", "long", Asked.Optional, Asked.Required),
        new(513, "existing_rows_count", "long", Asked.Optional, Asked.Required),
        new(514, "deleted_rows_count", "long", Asked.Optional, Asked.Required),
        new(507, "partitions", "list<508: struct>", Asked.Optional, Asked.Optional),
        new(519, "key_metadata", "bytes", Asked.Optional, Asked.Optional),
        new(520, "first_row_id", "long", Asked.Omitted, Asked.Omitted, Asked.Optional),
    ];

    public static readonly SpecifiedField[] FieldSummary =
    [
        new(509, "contains_null", "boolean", Asked.Required, Asked.Required),
        new(518, "contains_nan", "boolean", Asked.Optional, Asked.Optional),
        new(510, "lower_bound", "bytes", Asked.Optional, Asked.Optional),
        new(511, "upper_bound", "bytes", Asked.Optional, Asked.Optional),
    ];

    /// <summary>Keys of a manifest's Avro metadata; all required from version 2 on.</summary>
    public static readonly string[] ManifestMetadata = ["schema", "schema-id", "partition-spec", "partition-spec-id", "format-version", "content"];

    /// <summary>Fields of table metadata.</summary>
    public static readonly (string Name, Asked V2, Asked V3)[] TableMetadata =
    [
        ("format-version", Asked.Required, Asked.Required), ("table-uuid", Asked.Required, Asked.Required),
        ("location", Asked.Required, Asked.Required), ("last-sequence-number", Asked.Required, Asked.Required), ("last-updated-ms", Asked.Required, Asked.Required),
        ("last-column-id", Asked.Required, Asked.Required), ("schema", Asked.Omitted, Asked.Omitted),
        ("schemas", Asked.Required, Asked.Required), ("current-schema-id", Asked.Required, Asked.Required), ("partition-spec", Asked.Omitted, Asked.Omitted),
        ("partition-specs", Asked.Required, Asked.Required), ("default-spec-id", Asked.Required, Asked.Required),
        ("last-partition-id", Asked.Required, Asked.Required), ("properties", Asked.Optional, Asked.Optional), ("current-snapshot-id", Asked.Optional, Asked.Optional),
        ("snapshots", Asked.Optional, Asked.Optional), ("snapshot-log", Asked.Optional, Asked.Optional),
        ("metadata-log", Asked.Optional, Asked.Optional), ("sort-orders", Asked.Required, Asked.Required), ("default-sort-order-id", Asked.Required, Asked.Required),
        ("refs", Asked.Optional, Asked.Optional), ("statistics", Asked.Optional, Asked.Optional), ("partition-statistics", Asked.Optional, Asked.Optional),
        ("next-row-id", Asked.Omitted, Asked.Required), ("encryption-keys", Asked.Omitted, Asked.Optional),
    ];

    /// <summary>Fields of a snapshot.</summary>
    public static readonly (string Name, Asked V2, Asked V3)[] Snapshot =
    [
        ("snapshot-id", Asked.Required, Asked.Required), ("parent-snapshot-id", Asked.Optional, Asked.Optional),
        ("sequence-number", Asked.Required, Asked.Required), ("timestamp-ms", Asked.Required, Asked.Required), ("manifest-list", Asked.Required, Asked.Required),
        ("manifests", Asked.Omitted, Asked.Omitted), ("summary", Asked.Required, Asked.Required), ("schema-id", Asked.Optional, Asked.Optional),
        ("first-row-id", Asked.Omitted, Asked.Required), ("added-rows", Asked.Omitted, Asked.Required), ("key-id", Asked.Omitted, Asked.Optional),
    ];

    /// <summary>Avro schemas of partition values by type (Appendix A), without the union that makes them optional; names of fixed types are the writer's own.</summary>
    public static readonly (string Type, string Avro)[] AvroTypes =
    [
        ("boolean", "\"boolean\""), ("int", "\"int\""), ("long", "\"long\""), ("float", "\"float\""), ("double", "\"double\""),
        ("decimal(9, 2)", """{"type":"fixed","size":4,"logicalType":"decimal","precision":9,"scale":2}"""),
        ("date", """{"type":"int","logicalType":"date"}"""), ("time", """{"type":"long","logicalType":"time-micros"}"""),
        ("timestamp", """{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":false}"""), ("timestamptz", """{"type":"long","logicalType":"timestamp-micros","adjust-to-utc":true}"""),
        ("string", "\"string\""), ("uuid", """{"type":"fixed","size":16,"logicalType":"uuid"}"""), ("fixed[5]", """{"type":"fixed","size":5}"""), ("binary", "\"bytes\""),
        ("decimal(38, 10)", """{"type":"fixed","size":16,"logicalType":"decimal","precision":38,"scale":10}"""),
    ];
}
